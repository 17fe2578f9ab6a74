/// One contract for every kernel interface: requests in, numbers out.
///
/// A [dev.iobus.backend.Backend] takes a [dev.iobus.backend.Request] (an [dev.iobus.backend.Op]
/// with its file, memory and place), hands it to the operating system, and passes its result to a
/// [dev.iobus.backend.CompletionSink] in the kernel's convention: 0 or more, or a negated error
/// number of Linux, on every host. It knows no bus, no handle and no exception.
///
/// ```
///   Bus, SharedBus ── prepare, submit ──► Backend ── await, drain ──► CompletionSink
///                                            │
///            UringBackend ─ UringSubmitter, UringReaper, RequestEncoder ─► dev.iobus.uring
///            KqueueBackend ─ KqueueRuns ┬ WorkerPool ─► PosixFiles, PosixTransfers
///                                       └ KqueueWaits ─► PosixSockets, dev.iobus.kqueue
///            NioBackend ─ NioRuns ┬ WorkerPool ─► NioCalls on NioFile ────────┬► NioCompletions
///                                 └ NioSelector ─► NioSocketCalls on NioSocket ┘
/// ```
///
/// What the first two have in common: [dev.iobus.backend.PosixBackend] (calls on the calling thread).
/// The last two: [dev.iobus.backend.JobRuns] (runs of linked requests),
/// [dev.iobus.backend.WorkerPool] (calls that block), [dev.iobus.backend.JobWaits] (what has to
/// wait, and deadlines).
///
/// Invariants.
/// 1. Every request that was prepared and submitted is completed exactly once; until then the
///    backend keeps it, and so its memory, reachable, or where it is plain its owner does.
/// 2. Requests that are linked are one run: no submission splits them, and a chain is cut by a
///    failure or a short transfer on every backend.
/// 3. A refusal of the host is told from a lack of resources
///    ([dev.iobus.backend.UringUnavailableException],
///    [dev.iobus.backend.KqueueUnavailableException]): only the first is a reason to fall back.
/// 4. Nobody can interrupt a thread that uses a `FileChannel`, or a call that blocks on any channel:
///    that would close it for all.
/// 5. A close takes effect behind the requests that were prepared before it, on every backend.
///
/// A simulated host (`dev.iobus.sim`) brings a [dev.iobus.backend.SimulatedBackend] of its own.
///
/// Start at [dev.iobus.backend.Backend]. The package is not exported.
@NullMarked
package dev.iobus.backend;

import org.jspecify.annotations.NullMarked;
