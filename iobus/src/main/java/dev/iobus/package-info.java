/// Asynchronous I/O on files and sockets, in pure Java: many operations in flight on one
/// thread, on Linux io_uring where the host allows it and on `java.nio` channels where not, under
/// one contract.
///
/// ```java
/// try (Arena arena = Arena.ofShared(); // Closed after the bus, which waits.
///     Bus bus = Bus.open(BusOptions.defaults())) {
///   bus.submit(bus.create(path, OpenFlag.READ));
///   Result opened = bus.dispatch();
///   OpenFile file = opened.endOpen();
///   bus.done(opened);
///   MemorySegment hello = arena.allocateFrom("hello");
///   bus.chain(bus.write(file, hello, 0, WriteFlag.NONE), bus.sync(file), bus.close(file));
///   for (int i = 0; i < 3; i++) {
///     Result result = bus.dispatch();
///     if (result.isFailure()) {
///       System.err.println(result);
///     }
///     bus.done(result);
///   }
/// }
/// ```
///
/// Nouns, in the order in which one meets them.
/// - [Bus]: the multiplexer. It prepares operations, submits them and dispatches their results;
///   one platform thread owns it.
/// - [Handle]: one operation, from its preparation until `done`.
/// - [Result]: what became of it; `endRead`, `endWrite` and so on tell, or throw a
///   [BusException]. A [ResultSink] takes the results of a batch; a [ResultVisitor] also says which
///   operations are done again.
/// - [BusFile]: an [OpenFile], an [OpenSocket], or a [RegisteredFile] that the ring knows by a slot.
/// - [RegisteredBuffer]: memory that the kernel knows, on [Pages] of the host's or large ones;
///   [BufferPool]: memory from which the kernel takes a piece for each receive.
/// - [SharedBus]: the same operations as blocking calls from any thread, virtual ones too;
///   [IoBatch] keeps several of its transfers in flight.
/// - [BusStats]: what a bus has done, in numbers; `reason` and `fallbacks` are in words.
/// - [Scheduler]: where threads, waiting, time and randomness come from; [HostFacts]: what the host
///   says of itself.
///
/// ```text
///   prepare          enqueue / chain / submit         dispatch              done
///  IDLE ───▶ PREPARED ───────────────────▶ IN_FLIGHT ─────────▶ COMPLETED ───────▶ IDLE
///                                           ▲ (the kernel owns the memory)  │
///                                           └──────────── rearm ────────────┘
/// ```
///
/// Invariants, on every backend.
/// 1. Every operation that was enqueued has exactly one last result; few kinds have others before it.
/// 2. From `enqueue` to the result the operating system owns the memory of the operation; the bus
///    keeps it reachable, and a registered buffer refuses to be unregistered.
/// 3. `close` cancels, waits for every result, then releases everything. What the kernel has not
///    given back by the deadline is leaked and reported, never freed.
/// 4. A bus can hold every completion that can come: none is dropped.
/// 5. A transfer may be short; `readFully` and `writeFully` are not.
/// 6. A chain is cut by a failure or a short transfer, a series is not; both are placed whole.
/// 7. An interrupt ends nothing and closes nothing; the flag is kept for the caller.
/// 8. A lack of resources is an error. Only a host without io_uring, or one whose limit on locked
///    memory holds no ring, is a reason to fall back to NIO, with one message that says why.
/// 9. An operation acts on the file that it was given: a close that is enqueued behind it takes
///    effect when its descriptor is not needed any more.
///
/// On Linux the tests run on kqueue too when `-Ddev.iobus.kqueue.library` names a libkqueue; so
/// does a bus that asks for [BackendKind#KQUEUE].
///
/// Start at [Bus].
@NullMarked
package dev.iobus;

import org.jspecify.annotations.NullMarked;
