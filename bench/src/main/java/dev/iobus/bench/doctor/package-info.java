/// What this host allows the library, and what to do about what it does not.
///
/// A [Diagnosis] collects facts and warnings. The exams ask one part of the host each: [HostExam]
/// the JVM, the kernel and the memory; [BackendExam] the kernel interfaces for I/O; [DirectoryExam]
/// the file system, its device, and how long a sync takes there; [StoreExam] what a store makes of
/// all that.
///
/// ```
/// DoctorCommand ─┬─> HostExam ──────┐
///                ├─> BackendExam ───┤
///                ├─> DirectoryExam ─┼─> Diagnosis ─> lines, JSON
///                └─> StoreExam ─────┘
/// ```
///
/// Invariants:
/// 1. Nothing is guessed from versions: what can be tried is tried.
/// 2. Each warning says what to do.
/// 3. A part that cannot be examined is a warning; the others are examined all the same. Only a
///    directory that takes no files ends the examination.
///
/// Start at [DoctorCommand].
@NullMarked
package dev.iobus.bench.doctor;

import org.jspecify.annotations.NullMarked;
