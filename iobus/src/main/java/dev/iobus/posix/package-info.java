/// The C library, as far as the backends on kernels need it: calls under their C names, and the
/// layouts and numbers that belong to them, for each system in classes of its own.
///
/// Nouns: [Host] (the systems), [Errno] (Linux's error numbers and their names), [Libc] (the calls)
/// and [FileCalls] (those on files that all systems have), [FcntlAbi] (`fcntl.h` of Linux) with
/// [BsdFcntlAbi], [MacFcntlAbi] and [FreeBsdFcntlAbi], [StatxAbi] (`linux/stat.h`), [FileFacts]
/// (fstat(2) elsewhere), [SocketCalls] with [SocketAbi] (of Linux) and [HostSocketAbi] (of any).
///
/// Invariants.
/// 1. Every call answers in the kernel's convention: 0 or more, or a negated error number, and that
///    is Linux's on every host.
/// 2. No class but [Errno] and [Host] is touched unless native access was granted: their
///    initialisers link.
///
/// Start at [Libc].
@NullMarked
package dev.iobus.posix;

import org.jspecify.annotations.NullMarked;
