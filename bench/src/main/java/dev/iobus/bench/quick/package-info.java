/// The main job: real input through a whole store, every answer checked.
///
/// Nouns in order: [JdkClasses] is the input, [Model] what the store must answer, [Bed] the store
/// under test with everything that a phase needs, a [Phase] one line of the table. [CrashChild]
/// is the process that gets killed; [CrashSteps] says what it writes, to it and to who checks.
///
/// ```
/// load ─> read back ─> random gets ─> scans ─> overwrite ─> delete ─> kills ─> reopen, check all
///   └──────────────── one directory, one Model, from the first phase to the last ──────────┘
/// ```
///
/// Invariants:
/// 1. After every phase the store equals the model; each phase checks what it reads against it.
/// 2. What a killed child had acknowledged stays, through later kills and to the last check.
///
/// Start at [Quick].
@NullMarked
package dev.iobus.bench.quick;

import org.jspecify.annotations.NullMarked;
