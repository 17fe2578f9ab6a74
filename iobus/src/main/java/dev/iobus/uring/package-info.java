/// The kernel's io_uring, by raw system calls: no native library, no notion of a request.
///
/// Nouns: [UringAbi] (`linux/io_uring.h`), [UringSyscalls] (the three system calls),
/// [UringFeatures] (what this kernel granted), [Ring] (one ring: set-up, mapping, closing),
/// [SubmissionQueue] and [CompletionQueue] (its two sides, in `RingMemory`), [RingTables]
/// (registered files and buffers), [BufferClones] (buffers that several rings know).
///
/// Invariants.
/// 1. What a kernel can do is found by trying, never from its version; what it cannot is done
///    another way, down to Linux 5.11.
/// 2. The application writes the submission tail and the completion head with release order, and
///    reads the submission head and the completion tail with acquire order
///    (`io_uring.7`, liburing `src/queue.c`).
/// 3. Only ring mappings are reinterpreted: to the exact size that was mapped, but for the entries and
///    indexes of the two queues, which masks keep inside (`RingMemory`).
///
/// Start at [Ring].
@NullMarked
package dev.iobus.uring;

import org.jspecify.annotations.NullMarked;
