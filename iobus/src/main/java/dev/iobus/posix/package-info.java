/// The C library, as far as the io_uring backend needs it: calls under their C names, and the
/// layouts and numbers that belong to them.
///
/// Nouns: [Errno] (error numbers and their names), [Libc] (the calls), [FcntlAbi] (`fcntl.h`),
/// [StatxAbi] (`linux/stat.h`).
///
/// Invariants.
/// 1. Every call answers in the kernel's convention: 0 or more, or a negated error number.
/// 2. No class but [Errno] is touched unless native access was granted: their initialisers link.
///
/// Start at [Libc].
@NullMarked
package dev.iobus.posix;

import org.jspecify.annotations.NullMarked;
