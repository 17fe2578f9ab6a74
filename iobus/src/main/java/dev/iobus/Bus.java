package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A multiplexer for asynchronous I/O: many operations in flight, on one thread.
///
/// The preparing methods (`open`, `read`, `write`, `sync` …) give a [Handle]. `enqueue` puts
/// handles into the queue, `submit` also hands the queue to the operating system, `dispatch`
/// gives back one [Result], and `done` frees the handle for another operation.
///
/// From `enqueue` to the result the memory of an operation belongs to the operating system: it
/// must stay alive, and is neither written (nor, for reads, read) by the caller. An error of
/// `submit` does not mean that an operation was not submitted.
///
/// Invariants.
/// 1. Every enqueued handle has exactly one last result; only operations with `Many` or `ZeroCopy` in
///    their name have others before it.
/// 2. At most `2 * capacity` requests are in flight, half of them cancels, and the completion
///    queue holds the last completions of all.
/// 3. A run of `chain` or `serialize` is placed whole.
/// 4. After `close` no operation is in flight, except where the deadline passed and this was
///    reported.
///
/// Confined to the thread that opened it, a platform thread; all but [#wakeup()] throw
/// [IllegalStateException] on any other.
public final class Bus extends NetworkOperations implements AutoCloseable {

  private static final int POOL_BUFFERS_MAX = 32_768;
  private static final int POOL_BUFFER_BYTES_MAX = 1 << 30;
  private static final long PAGE_BYTES = 4096;

  /// The handles of busses that were closed with operations in flight, whose memory the kernel may
  /// still write: reachable for ever.
  private static final ConcurrentLinkedQueue<HandleTable> ABANDONED =
      new ConcurrentLinkedQueue<>();

  private static final System.Logger LOGGER = System.getLogger("dev.iobus");

  // Constant after construction.
  private final Thread owner = Thread.currentThread();

  /// The owner; null once it is closed. One look tells whether a call is refused.
  private @Nullable Thread user = owner;

  private final BusOptions options;
  private final BackendKind kind;
  private final String reason;
  private final Backend backend;
  private final Checks checks;
  private final Registrations registrations;
  private final FileOperations files;
  private final BusCounts counts = new BusCounts();

  // Owned by the bus thread.
  private final HandleTable table;
  private final InFlight flight;
  private final List<BufferPool> pools = new ArrayList<>();
  private boolean busFileAsked;

  /// Keeps wake-ups away from a backend that is gone. A leaf.
  private final ReentrantLock wakeupLock = new ReentrantLock();

  /// Written by the bus thread under the lock.
  private boolean closed;

  private Bus(BackendChoice choice, BusOptions options) {
    this.options = options;
    kind = choice.kind();
    reason = choice.reason();
    backend = choice.backend();
    checks = new Checks(kind);
    registrations = new Registrations(this, backend, kind);
    files = new FileOperations(this, checks, registrations);
    table = new HandleTable(this, options.capacity());
    flight = new InFlight(backend, table, options.scheduler(), runMax(), counts);
  }

  /// Opens a bus that belongs to the calling thread.
  ///
  /// @throws IllegalStateException on a virtual thread, which has no operating system thread of
  ///     its own for the kernel to tie the ring to
  /// @throws IOException if the backend that was asked for is not available here, or a resource
  ///     is exhausted
  public static Bus open(BusOptions options) throws IOException {
    return open(options, UringSyscalls::kernel);
  }

  /// As above, with the system calls of a test.
  static Bus open(BusOptions options, Supplier<UringSyscalls> syscalls) throws IOException {
    if (options.scheduler().currentTask().isVirtual()) {
      throw new IllegalStateException(
          "a bus belongs to a platform thread; on virtual threads use SharedBus");
    }
    Bus bus = new Bus(BackendChoice.open(false, options, syscalls), options);
    if (BusEvents.recordsFallbacks()) {
      bus.fallbacks().forEach(line -> BusEvents.fallback(bus.kind.label(), line));
    }
    return bus;
  }

  /// Every backend of real hosts in the order of preference, with whether a bus can be opened on it
  /// here and now, and if not, why. Each is opened and closed for this, which takes some
  /// milliseconds. From any thread.
  public static List<BackendAvailability> backends() {
    return BackendAvailability.ofAll(UringSyscalls::kernel);
  }

  /// The backend that was chosen.
  public BackendKind backend() {
    return kind;
  }

  /// One line: which backend, why, and with which features.
  public String reason() {
    return reason;
  }

  /// What this bus does another way than on the best host and why, one line each: first the backend
  /// itself where a better one is not available, then what the kernel lacks, then why memory was
  /// refused registration so far ([RegisteredBuffer#refusal()]).
  public List<String> fallbacks() {
    checkOpen();
    List<String> all =
        new ArrayList<>(BackendChoice.fallbacks(options, kind, reason, backend));
    all.addAll(registrations.fallbacks());
    return List.copyOf(all);
  }

  /// What this bus has done since it was opened.
  public BusStats stats() {
    checkOpen();
    return BusStats.of(counts, backend.counts());
  }

  /// Handles that can be in use at one time, cancels not counted.
  public int capacity() {
    return options.capacity();
  }

  /// The longest run that [#chain] and [#serialize] take.
  public int runMax() {
    return Math.min(backend.batchMax(), options.capacity());
  }

  /// Operations and cancels that were enqueued and have not ended.
  public int inFlight() {
    checkOwner();
    return flight.count();
  }

  /// Prepares an operation that does nothing but end.
  public Handle nop() {
    Handle handle = take(Op.NOP);
    handle.plain = true;
    return handle;
  }

  /// Prepares to open a file; without flags, for reading.
  public Handle open(Path path, OpenFlag... flags) {
    return files.open(path, flags);
  }

  /// Prepares to open a file for writing, and to create it with mode 0600 if it does not exist.
  public Handle create(Path path, OpenFlag... flags) {
    return files.create(path, flags);
  }

  /// Takes a slot of the ring's own table of files, empty, for
  /// [#openRegistered(RegisteredFile, Path, OpenFlag...)]. Known before the file is open, it can be
  /// used in the same chain:
  ///
  /// ```java
  /// RegisteredFile slot = bus.reserveFile();
  /// bus.chain(bus.openRegistered(slot, path), bus.read(slot, into, 0), bus.close(slot));
  /// ```
  ///
  /// The slot can be used again and again, and is given back by [#unregister(RegisteredFile)].
  ///
  /// @throws BusException ENFILE if all slots are in use: see [BusOptions]
  public RegisteredFile reserveFile() throws IOException {
    checkOpen();
    return files.reserveFile();
  }

  /// Prepares to open a file straight into a slot of the ring's own table, without a descriptor. It
  /// ends with [Result#endOpenRegistered()]; a `close` of the file gives the slot back.
  ///
  /// No other bus can use such a file, and the kernel has no `stat` of it, which io_uring answers
  /// with [NotSupportedException]. Before Linux 5.17 the file is opened in the call that enqueues
  /// it.
  ///
  /// @throws BusException ENFILE if all slots are in use: see [BusOptions]
  public Handle openRegistered(Path path, OpenFlag... flags) throws IOException {
    checkOpen();
    return files.openRegistered(path, flags);
  }

  /// As above, into a slot that was taken by [#reserveFile()]. What was open in it is closed.
  /// Before Linux 5.17 it can only stand at the beginning of a chain or series.
  public Handle openRegistered(RegisteredFile slot, Path path, OpenFlag... flags) {
    return files.openRegistered(slot, path, flags);
  }

  /// Prepares a read of up to `into.byteSize()` bytes at `offset`.
  ///
  /// @param into native memory; confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle read(BusFile file, MemorySegment into, long offset) {
    return files.read(file, into, offset);
  }

  /// Prepares a read into `length` bytes of a registered buffer from `bufferOffset` on.
  public Handle read(
      BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset) {
    return files.read(file, buffer, bufferOffset, length, offset);
  }

  /// Prepares a read into several parts of memory, one after the other (preadv(2)). It ends with
  /// [Result#endRead()]. The array may be used again at once; the parts may not.
  ///
  /// It is one read of the file, but on NIO a read for each part up to the first that is short, so
  /// that what others write meanwhile may show in some parts and not in others.
  ///
  /// @param into 1 to 1,024 parts of native memory, 2,147,483,647 bytes in all at most;
  ///     confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle read(BusFile file, MemorySegment[] into, long offset) {
    return files.read(file, into, offset);
  }

  /// Prepares a read into several parts of a registered buffer. Linux before 6.15 has no such read,
  /// and reads into the parts as if they were plain memory.
  ///
  /// @param into 1 to 1,024 parts, each inside the memory of `buffer`
  public Handle read(BusFile file, RegisteredBuffer buffer, MemorySegment[] into, long offset) {
    return files.read(file, buffer, into, offset);
  }

  /// Prepares a write of up to `from.byteSize()` bytes at `offset`.
  ///
  /// @param from native memory; confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle write(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    return files.write(file, from, offset, flag);
  }

  /// As above, with any number of flags, such as [WriteFlag#ATOMIC] and [WriteFlag#DSYNC].
  ///
  /// @throws IllegalArgumentException for an atomic write of a length that is no power of two, of
  ///     an offset that is no multiple of it, or to a file that is not direct
  public Handle write(BusFile file, MemorySegment from, long offset, WriteFlag... flags) {
    return files.write(file, from, offset, flags);
  }

  /// Prepares a write from several parts of memory, one after the other (pwritev(2)). It ends with
  /// [Result#endWrite()]. The array may be used again at once; the parts may not.
  ///
  /// It is one write to the file, but on NIO a write for each part up to the first that is short:
  /// others may read some parts before the rest is written, and after a failure any number of them
  /// may have been written.
  ///
  /// @param from 1 to 1,024 parts of native memory, 2,147,483,647 bytes in all at most;
  ///     confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle write(BusFile file, MemorySegment[] from, long offset, WriteFlag... flags) {
    return files.write(file, from, offset, flags);
  }

  /// Prepares a write from several parts of a registered buffer. Linux before 6.15 has no such
  /// write, and writes the parts as if they were plain memory.
  ///
  /// @param from 1 to 1,024 parts, each inside the memory of `buffer`
  public Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      MemorySegment[] from,
      long offset,
      WriteFlag... flags) {
    return files.write(file, buffer, from, offset, flags);
  }

  /// Prepares a write of `length` bytes of a registered buffer from `bufferOffset` on.
  public Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      long bufferOffset,
      int length,
      long offset,
      WriteFlag flag) {
    return files.write(file, buffer, bufferOffset, length, offset, flag);
  }

  /// Prepares a read of all of `into`, in as many requests as it takes: at most 512 KiB each,
  /// short ones resumed. It cannot be part of a chain.
  public Handle readFully(BusFile file, MemorySegment into, long offset) {
    return files.readFully(file, into, offset);
  }

  /// Prepares a write of all of `from`, in as many requests as it takes: at most 512 KiB each,
  /// short ones resumed. It cannot be part of a chain. After a failure any part of the range may
  /// have been written.
  public Handle writeFully(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    return files.writeFully(file, from, offset, flag);
  }

  /// Prepares to make a file's bytes and metadata durable (fsync), or the names in a directory
  /// that was opened with [OpenFlag#DIRECTORY].
  public Handle sync(BusFile file) {
    return files.sync(file);
  }

  /// Prepares to make a file's bytes and length durable (fdatasync).
  public Handle dataSync(BusFile file) {
    return files.dataSync(file);
  }

  /// Prepares to set the length of a file in bytes; new bytes are zero.
  public Handle truncate(BusFile file, long length) {
    return files.truncate(file, length);
  }

  /// Prepares to have a range of a file written to the device, sync_file_range(2).
  ///
  /// **This makes nothing durable.** Neither the file's length nor where its bytes are is written,
  /// and the device may keep the bytes in a cache that loses them with the power. It smooths the
  /// load before a later [#dataSync], which alone gives the guarantee. Linux only, and not on NIO.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes; 0, or more than 4,294,967,295, for all to the end of the file
  public Handle syncRange(BusFile file, long offset, long length) {
    return files.syncRange(file, offset, length);
  }

  /// Prepares to reserve space for a range, fallocate(2) with mode 0: later writes to it do not
  /// fail for want of space, and a file that is shorter ends at the end of the range. Bytes that
  /// were not there are zero.
  ///
  /// A file system or host without such a thing is a [NotSupportedException]. NIO writes zeros
  /// behind the end of the file instead, which takes as long as any write, and reserves nothing for
  /// holes before it.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes, at least 1
  public Handle allocate(BusFile file, long offset, long length) {
    return files.allocate(file, offset, length);
  }

  /// Prepares to say how a range is going to be used, posix_fadvise(2). NIO and macOS cannot
  /// pass it on: there it ends well and does nothing.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes; 0, or more than 4,294,967,295, for all to the end of the file
  public Handle advise(BusFile file, long offset, long length, Advice advice) {
    return files.advise(file, offset, length, advice);
  }

  /// Prepares to rename a file; an existing `to` is replaced in one step. The new name is durable
  /// when its directory was synced.
  public Handle rename(Path from, Path to) {
    return files.rename(from, to);
  }

  /// Prepares to remove the name of a file; a directory is refused.
  public Handle unlink(Path path) {
    return files.unlink(path);
  }

  /// Prepares to give a file a second name on the same file system, linkat(2); fails when `path`
  /// exists. A symbolic link is linked itself, and a directory is refused. The new name is durable
  /// when its directory was synced.
  public Handle link(Path existing, Path path) {
    return files.link(existing, path);
  }

  /// Prepares to create a directory with mode 0700, mkdirat(2); the one above it must exist.
  public Handle createDirectory(Path path) {
    return files.createDirectory(path);
  }

  /// Prepares to ask for what is known of an open file.
  public Handle stat(BusFile file) {
    return files.stat(file);
  }

  /// Prepares to close a file. From `enqueue` on, new operations on it are refused; those in
  /// flight on this bus end undisturbed: the close waits for those that still need the number of
  /// the descriptor (full transfers, members of runs, syncs and the like), as the next file that is
  /// opened gets it. Where the close is cancelled, as part of a chain that was cut, the file is open
  /// as before.
  public Handle close(OpenFile file) {
    return files.close(file);
  }

  /// Prepares to close a file that was opened into its slot. As above, and a slot that was reserved
  /// stays: it takes new operations, for which it is empty until another file is opened into it.
  ///
  /// @throws IllegalArgumentException for a file that was registered beside its descriptor:
  ///     unregister it
  public Handle close(RegisteredFile file) {
    return files.close(file);
  }

  /// Prepares to close a socket. From `enqueue` on, new operations on it are refused. Those that
  /// wait on it go on waiting, as the kernel has it, and full transfers keep the close waiting, too:
  /// cancel them ([#cancelAll(BusFile)]), or end the connection first ([#shutdown]). Where an
  /// operation with `Many` in its name is submitted anew for each result, it ends with EBADF.
  public Handle close(OpenSocket socket) {
    return onFile(Op.CLOSE, socket);
  }

  /// Prepares to give out the messages of other threads, see [#post(long)], until it is cancelled.
  /// One such operation may be in flight; another fails with EBUSY.
  public Handle inbox() {
    Handle handle = take(Op.INBOX);
    handle.repeats = true;
    return handle;
  }

  /// Prepares to end an operation early. It can always be prepared, also when all handles are in
  /// use, and it is idempotent: while the cancel of an operation is in use, the same handle is
  /// given again, and enqueueing it again does nothing.
  ///
  /// The target has its own result: its true one if it could not be stopped, or a
  /// [CancelledException].
  ///
  /// @throws IllegalStateException if the target is not in use, or was not enqueued
  public Handle cancel(Handle target) {
    checkOpen();
    checkMine(target);
    if (target.op == Op.CANCEL && target.state != Handle.State.IDLE) {
      throw new IllegalArgumentException("a cancel cannot be cancelled");
    }
    if (target.state == Handle.State.IDLE || target.state == Handle.State.PREPARED) {
      throw new IllegalStateException(target + " is not in flight");
    }
    return table.prepareCancel(target);
  }

  /// Cancels every operation on a file that is in flight, as [#cancel] does; the cancels have no
  /// results. Idempotent.
  ///
  /// @return how many operations on it were in flight
  public int cancelAll(BusFile file) throws IOException {
    checkOpen();
    checks.file(file);
    return flight.cancelSilently(this, Objects.requireNonNull(file));
  }

  /// Cancels every operation in flight, as [#cancelAll(BusFile)].
  public int cancelAll() throws IOException {
    checkOpen();
    return flight.cancelSilently(this, null);
  }

  /// Gives back a handle that was prepared and will not be enqueued.
  public void discard(Handle handle) {
    checkOwner();
    checkMine(handle);
    checkState(handle, Handle.State.PREPARED);
    handle.releaseBuffer();
    if (handle.op == Op.OPEN_REGISTERED) {
      files.discardOpened(handle);
    }
    table.free(handle);
  }

  /// Puts an operation into the queue for the next submission.
  ///
  /// @throws IllegalStateException if it is not freshly prepared, or its file is closed
  /// @throws IOException if the queue was full and could not be submitted
  public void enqueue(Handle handle) throws IOException {
    checkOpen();
    flight.place(this, handle);
  }

  /// Puts operations into the queue for the next submission: all of them, or none where one is
  /// not fit.
  public void enqueue(Handle... handles) throws IOException {
    place(handles, Link.NONE);
  }

  /// Enqueues operations that run one after the other. A failure or a short transfer cancels
  /// those after it.
  ///
  /// @throws IllegalArgumentException if there are more than [#runMax()], or one is a full
  ///     transfer or a cancel
  public void chain(Handle... handles) throws IOException {
    place(handles, Link.CHAIN);
  }

  /// Enqueues operations that run one after the other, whatever the result of each. (Unrelated to
  /// [java.io.Serializable].)
  ///
  /// @throws IllegalArgumentException if there are more than [#runMax()], or one is a full
  ///     transfer or a cancel
  public void serialize(Handle... handles) throws IOException {
    place(handles, Link.SERIALIZE);
  }

  /// Enqueues an operation that runs alone: it starts when every operation that was enqueued before
  /// it has ended, and those enqueued after it start when it has ended. Operations with many
  /// results and cancels are not waited for and do not wait.
  public void drain(Handle handle) throws IOException {
    checkOpen();
    flight.drainThen(this, handle);
  }

  /// Gives the queue to the operating system.
  public void submit() throws IOException {
    checkOpen();
    flight.resume();
    flight.submit();
  }

  /// Enqueues an operation and gives the queue to the operating system.
  public void submit(Handle handle) throws IOException {
    enqueue(handle);
    submit();
  }

  /// Enqueues operations and gives the queue to the operating system.
  public void submit(Handle... handles) throws IOException {
    place(handles, Link.NONE);
    submit();
  }

  /// Submits the queue, waits for one result and runs its callback. A wake-up does not end this
  /// wait; it is kept for the next wait with a timeout.
  ///
  /// @throws IllegalStateException if nothing is in flight, so that there is nothing to wait for
  public Result dispatch() throws IOException {
    checkOpen();
    if (!flight.hasReady() && flight.count() == 0) {
      throw new IllegalStateException("nothing is in flight");
    }
    flight.await(1, Long.MAX_VALUE, false);
    return next();
  }

  /// Submits the queue, waits at most `timeoutNanos` for one result and runs its callback.
  ///
  /// @param timeoutNanos 0: do not wait; [Long#MAX_VALUE]: no limit
  /// @return null after the timeout or a [#wakeup()]
  public @Nullable Result dispatch(long timeoutNanos) throws IOException {
    checkOpen();
    flight.await(1, timeoutNanos, true);
    return flight.hasReady() ? next() : null;
  }

  /// Submits the queue, waits until `minimum` results are there, the time has passed or
  /// [#wakeup()] was called, and passes up to `maximum` of those that are there to the sink.
  ///
  /// @param minimum 0: do not wait
  /// @param maximum at least 1 and at least `minimum`
  /// @return the number of results passed
  public int dispatch(int minimum, int maximum, long timeoutNanos, ResultSink sink)
      throws IOException {
    if (minimum < 0 || maximum < 1 || maximum < minimum) {
      throw new IllegalArgumentException("minimum " + minimum + ", maximum " + maximum);
    }
    checkOpen();
    flight.await(minimum, timeoutNanos, true);
    return pass(maximum, sink);
  }

  /// Submits the queue and waits for a batch, as `io_uring_submit_and_wait_min_timeout(3)` does:
  /// until `batch` results are there, or `minWaitNanos` have passed and one is, or `timeoutNanos`
  /// have passed. Passes up to `maximum` of those that are there to the sink.
  ///
  /// On io_uring the thread is woken once for the batch and not for each result, which saves
  /// processor time for a delay of up to `minWaitNanos`. So long may also pass until [#wakeup()],
  /// a message of [#post(long)] or the next part of a full transfer is seen. Linux 6.12 does all in
  /// one system call; before it, and on other backends, it is a wait for the batch and a second one.
  ///
  /// It pays where many results come one by one. A device that is kept full loses by it: direct reads
  /// of 4 KiB, 32 in flight on a virtual disk that ends 16 at a time, were 136,000 a second with
  /// [#dispatch(int, int, long, ResultSink)] and 118,000 with a batch of 16.
  ///
  /// @param batch at least 1
  /// @param maximum at least `batch`
  /// @param minWaitNanos 0 or more: how long to wait for a whole batch
  /// @param timeoutNanos 0 or more; [Long#MAX_VALUE]: no limit
  /// @return the number of results passed: 0 after the timeout or a wake-up
  public int dispatchMinWait(
      int batch, int maximum, long minWaitNanos, long timeoutNanos, ResultSink sink)
      throws IOException {
    if (batch < 1 || maximum < batch) {
      throw new IllegalArgumentException("batch " + batch + ", maximum " + maximum);
    }
    if (minWaitNanos < 0 || timeoutNanos < 0) {
      throw new IllegalArgumentException(
          "minWaitNanos " + minWaitNanos + " or timeoutNanos " + timeoutNanos + " is negative");
    }
    checkOpen();
    flight.awaitBatch(batch, minWaitNanos, timeoutNanos);
    return pass(maximum, sink);
  }

  private int pass(int maximum, ResultSink sink) throws IOException {
    int count = 0;
    while (count < maximum && flight.hasReady()) {
      count++;
      sink.accept(next());
    }
    return count;
  }

  /// Ends the view of a result; after the last one of an operation its handle is free for another.
  /// A file, socket or buffer that the result has brought and nobody asked for is closed or
  /// released.
  public void done(Result result) {
    checkOwner();
    Handle handle = result.handle();
    checkMine(handle);
    if (!handle.dispatched) {
      throw new IllegalStateException("done was called for this result before");
    }
    if (flight.done(handle)) {
      table.free(handle);
    }
  }

  /// Makes the current or the next timed `dispatch` return, without a result if there is none.
  /// From any thread; cheap when repeated. Does nothing on a closed bus.
  public void wakeup() {
    wakeupLock.lock();
    try {
      if (!closed) {
        flight.wakeup();
      }
    } finally {
      wakeupLock.unlock();
    }
  }

  /// Sends a number to the owner of this bus, who gets it as a result of [#inbox()], at once or as
  /// soon as it has one. In order for each sender. From any thread, such as the owner of another
  /// bus.
  ///
  /// This is how one bus sends to another, on every backend. The kernel's own message between rings
  /// (`IORING_OP_MSG_RING`, Linux 5.18) could be sent by owners of a bus alone, would need a system
  /// call for each, and takes a place among the completions of a bus that did not ask for it; here
  /// only the first of several messages wakes the receiver, and a full inbox is the sender's exception.
  ///
  /// @throws QueueFullException when the inbox is full: 1,024 messages, or twice the capacity
  /// @throws IllegalStateException when the bus is closed
  public void post(long message) {
    wakeupLock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the bus is closed");
      }
      flight.post(message);
    } finally {
      wakeupLock.unlock();
    }
  }

  /// A file that is readable while this bus has something to dispatch, for a `poll` on another bus
  /// of the same backend. It is closed with this bus.
  ///
  /// @throws NotSupportedException where the backend has no such file (kqueue, NIO)
  public OpenFile busFile() throws BusException {
    checkOpen();
    int descriptor = backend.descriptor();
    if (descriptor < 0) {
      throw BusException.of("busFile", "the bus", descriptor, null);
    }
    busFileAsked = true;
    return OpenFile.ofBus(descriptor, kind);
  }

  /// The address of a socket's own end, getsockname(2).
  ///
  /// @throws BusException where it has none
  public SocketAddress localAddress(OpenSocket socket) throws BusException {
    checkOpen();
    checks.file(socket);
    return address("localAddress", socket, backend.localAddress(socket.descriptor()));
  }

  /// The address of a socket's other end: as it was told when the socket was accepted, else
  /// getpeername(2).
  ///
  /// @throws BusException where it is not connected
  public SocketAddress remoteAddress(OpenSocket socket) throws BusException {
    checkOpen();
    checks.file(socket);
    SocketAddress told = socket.acceptedFrom();
    return told != null
        ? told
        : address("remoteAddress", socket, backend.peerAddress(socket.descriptor()));
  }

  private static SocketAddress address(
      String operation, OpenSocket socket, @Nullable SocketAddress address) throws BusException {
    if (address == null) {
      throw BusException.of(operation, socket.path(), -Errno.ENOTCONN, null);
    }
    return address;
  }

  /// Sets an option of a socket, setsockopt(2): SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE,
  /// SO_BROADCAST, TCP_NODELAY, SO_RCVBUF and SO_SNDBUF of [java.net.StandardSocketOptions].
  ///
  /// @throws BusException when the host refuses it, or does not know it here
  public <T> void setOption(OpenSocket socket, SocketOption<T> option, T value)
      throws BusException {
    checkOpen();
    checks.file(socket);
    int number =
        switch (value) {
          case Boolean on -> on ? 1 : 0;
          case Integer size -> size;
          default -> throw new IllegalArgumentException(option + " is not a number or a switch");
        };
    int answer = backend.setOption(socket.descriptor(), option, number);
    if (answer < 0) {
      throw BusException.of("setOption " + option.name(), socket.path(), answer, null);
    }
  }

  /// An option of a socket, getsockopt(2); those of [#setOption].
  public <T> T option(OpenSocket socket, SocketOption<T> option) throws BusException {
    checkOpen();
    checks.file(socket);
    int answer = backend.option(socket.descriptor(), option);
    if (answer < 0) {
      throw BusException.of("option " + option.name(), socket.path(), answer, null);
    }
    Object value = option.type() == Boolean.class ? (Object) (answer != 0) : (Object) answer;
    return option.type().cast(value);
  }

  /// Makes a pool of buffers for receives on this bus.
  ///
  /// @param count buffers, 1 to 32,768
  /// @param bufferBytes bytes of each, 1 to 1 GiB
  /// @throws IOException where the host refuses
  public BufferPool newPool(int count, int bufferBytes) throws IOException {
    return newPool(count, bufferBytes, false);
  }

  /// Makes a pool whose buffers are filled piece by piece, each receive behind the last, until they
  /// are full: for few large buffers and small messages. Linux 6.12.
  ///
  /// @throws BusException where the host cannot: use [#newPool]
  public BufferPool newIncrementalPool(int count, int bufferBytes) throws IOException {
    return newPool(count, bufferBytes, true);
  }

  private BufferPool newPool(int count, int bufferBytes, boolean incremental) throws IOException {
    checkOpen();
    if (count < 1 || count > POOL_BUFFERS_MAX) {
      throw new IllegalArgumentException(count + " buffers are not 1 to " + POOL_BUFFERS_MAX);
    }
    if (bufferBytes < 1 || bufferBytes > POOL_BUFFER_BYTES_MAX) {
      throw new IllegalArgumentException(
          bufferBytes + " bytes a buffer are not 1 to " + POOL_BUFFER_BYTES_MAX);
    }
    Arena arena = Arena.ofShared();
    MemorySegment slab = arena.allocate((long) count * bufferBytes, PAGE_BYTES);
    int number = backend.openPool(slab, count, bufferBytes, incremental);
    if (number < 0) {
      arena.close();
      int answer = incremental && number == -Errno.EINVAL ? -Errno.EOPNOTSUPP : number;
      throw BusException.of("newPool", count + " x " + bufferBytes + " bytes", answer, null);
    }
    BufferPool pool =
        new BufferPool(this, backend, arena, slab, count, bufferBytes, incremental, number);
    pools.add(pool);
    return pool;
  }

  void forget(BufferPool pool) {
    pools.remove(pool);
  }

  /// Puts an open file into the ring's own table, which saves the kernel a lookup per operation
  /// and keeps the file and its lock alive until [#unregister(RegisteredFile)].
  public RegisteredFile register(OpenFile file) throws IOException {
    checkOpen();
    checks.file(file);
    return registrations.add(file);
  }

  /// Gives the slot back, once the operations in flight on it have ended. What was opened into it
  /// is closed by it.
  public void unregister(RegisteredFile file) {
    checkOpen();
    registrations.remove(file);
  }

  /// Makes memory known to the kernel. Where that is refused, the buffer works as plain memory
  /// and [RegisteredBuffer#refusal()] says why.
  public RegisteredBuffer register(MemorySegment memory) {
    checkOpen();
    checks.memory(memory, false);
    return registrations.add(memory);
  }

  /// Allocates memory and makes it known to the kernel, as [#register(MemorySegment)]. All of it is
  /// there and zero; it begins at a page and ends with the registration.
  ///
  /// What is not on the pages that were asked for is told by [RegisteredBuffer#pages()] and, with the
  /// cause, by [#fallbacks()].
  ///
  /// @param bytes 1 to 1 GiB
  public RegisteredBuffer newBuffer(long bytes, Pages pages) {
    checkOpen();
    return registrations.newBuffer(bytes, pages);
  }

  /// Ends a registration. Memory of [#newBuffer] is freed: parts of it that were used as plain memory
  /// must not be in flight either.
  ///
  /// @throws IllegalStateException while an operation on the buffer is prepared or in flight
  public void unregister(RegisteredBuffer buffer) {
    checkOpen();
    registrations.remove(buffer);
  }

  /// Cancels what is in flight, waits for every result within `closeDeadline`, and releases
  /// everything. Results that were not dispatched are dropped, and their open files closed.
  /// Memory that the kernel has not given back by the deadline stays mapped for ever, and this is
  /// logged. A second call does nothing.
  @Override
  public void close() {
    checkOwner();
    if (closed) {
      return;
    }
    boolean drained = false;
    try {
      drained = !flight.hasFailed() && flight.drain(this, nanos(options.closeDeadline()));
    } catch (IOException e) {
      LOGGER.log(System.Logger.Level.WARNING, "closing a bus: the ring failed", e);
    } finally {
      markClosed();
      if (!drained) {
        ABANDONED.add(table);
        reportSurvivors();
      }
      for (BufferPool pool : pools) {
        pool.end(drained);
      }
      registrations.close(drained);
      backend.close(!drained);
    }
  }

  /// Takes the end of an operation into account where its file is concerned.
  void ended(Handle handle, int outcome) {
    files.ended(handle, outcome);
  }

  void discardOpened(Handle handle) {
    files.discardOpened(handle);
  }

  OpenFile newOpenFile(Handle handle, int descriptor) {
    boolean direct = (handle.request.openBits & OpenBits.DIRECT) != 0;
    return new OpenFile(
        Objects.requireNonNull(handle.request.path), descriptor, kind, direct);
  }

  OpenSocket newOpenSocket(Handle handle, int descriptor) {
    if (handle.op == Op.ACCEPT && handle.file instanceof OpenSocket listening) {
      SocketAddress peer = handle.repeats ? null : handle.request.address;
      if (peer == null) {
        peer = backend.peerAddress(descriptor);
      }
      return new OpenSocket(
          descriptor, kind, listening.familyNumber(), SocketType.STREAM, peer);
    }
    SocketType type = handle.request.datagram ? SocketType.DATAGRAM : SocketType.STREAM;
    return new OpenSocket(descriptor, kind, handle.request.family, type, null);
  }

  @Override
  Checks checks() {
    return checks;
  }

  @Override
  long nanoTime() {
    return options.scheduler().nanoTime();
  }

  void checkOwner() {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "the bus belongs to thread " + owner.getName() + ", this is "
              + Thread.currentThread().getName());
    }
  }

  @Override
  Handle take(Op op) {
    checkOpen();
    return table.take(op);
  }

  /// Gives back a handle whose preparation failed.
  @Override
  void giveBack(Handle handle) {
    table.free(handle);
  }

  @Override
  int fileNumber(BusFile file) {
    return switch (file) {
      case OpenFile open -> open.descriptor();
      case OpenSocket socket -> socket.descriptor();
      case RegisteredFile registered -> registered.slot(this);
    };
  }

  /// @throws IllegalStateException if the handle is in another state
  static void checkState(Handle handle, int expected) {
    if (handle.state != expected) {
      throw new IllegalStateException(handle + " is not " + Handle.State.name(expected));
    }
  }

  void checkMine(Handle handle) {
    if (handle.bus != this) {
      throw new IllegalArgumentException(handle + " belongs to another bus");
    }
  }

  @SuppressWarnings("ReferenceEquality") // That very thread.
  private void checkOpen() {
    if (Thread.currentThread() != user) {
      checkOwner();
      throw new IllegalStateException("the bus is closed");
    }
  }

  private void place(Handle[] handles, Link link) throws IOException {
    checkOpen();
    flight.place(this, handles, link);
  }

  /// The oldest result, after its callback.
  private Result next() {
    Handle handle = flight.nextReady();
    Consumer<Result> callback = handle.callback;
    if (callback != null) {
      callback.accept(handle.result);
    }
    if (busFileAsked && flight.hasReady()) {
      backend.notice();
    }
    return handle.result;
  }

  private void markClosed() {
    user = null;
    wakeupLock.lock();
    try {
      closed = true;
    } finally {
      wakeupLock.unlock();
    }
  }

  private void reportSurvivors() {
    StringBuilder survivors = new StringBuilder();
    for (int i = 0; i < table.size(); i++) {
      if (table.get(i).state == Handle.State.IN_FLIGHT) {
        survivors.append(' ').append(table.get(i));
      }
    }
    LOGGER.log(
        System.Logger.Level.ERROR,
        "a bus was closed with operations still in flight; the memory that the kernel may write"
            + " is leaked:" + survivors);
  }

  static long nanos(Duration duration) {
    return duration.compareTo(Duration.ofDays(10_000)) < 0
        ? duration.toNanos()
        : Duration.ofDays(10_000).toNanos();
  }
}
