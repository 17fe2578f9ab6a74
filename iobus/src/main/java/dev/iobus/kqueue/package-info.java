/// Queues of kernel events, by the calls kqueue(2) and kevent(2) of macOS and FreeBSD, or of the
/// library libkqueue on Linux.
///
/// Nouns: [KqueueAbi] (`sys/event.h`), [KqueueCalls] (the two calls, and where they come from),
/// [Kqueue] (one queue: register, wait, trigger).
///
/// Invariants.
/// 1. Every call answers 0 or more, or a negated Linux error number.
/// 2. A registration fires once; only the queue's own wake-up stays.
/// 3. Nobody calls a queue that is closed.
///
/// On Linux nothing is linked unless the system property `dev.iobus.kqueue.library` names the
/// library. Start at [Kqueue].
@NullMarked
package dev.iobus.kqueue;

import org.jspecify.annotations.NullMarked;
