package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.uring.RingCounts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One way to ask an operating system for I/O. Primitives only: a backend knows no bus and no
/// handle, and answers with numbers: 0 or more for success, a negated Linux error number for
/// failure, on every host.
///
/// Threads. In the *owned* mode one thread calls everything but [#wakeup()] and the control calls.
/// In the *shared* mode [#prepare] and [#submit] are serialised by the caller's submit lock,
/// [#drain] and [#await] are serialised by the caller's reaper role, and the two sides run at the
/// same time.
///
/// Invariants.
/// 1. Every request that was prepared and submitted has exactly one last completion, and others
///    before it, marked [CompletionFlags#MORE], only if it is `multishot` or `zeroCopy`.
/// 2. The caller keeps at most [#capacity()] requests between prepare and last completion, so the
///    completion of none is ever dropped. A `multishot` request may be ended by more completions
///    than there is room for; nothing is lost then, and it can be prepared again.
/// 3. Links tie a request to the one prepared next; a run is not split by a submission.
public sealed interface Backend extends RequestQueue
    permits PosixBackend, NioBackend, SimulatedBackend {

  /// Requests that one submission can carry, and so the longest run of links.
  int batchMax();

  /// Features found and chosen, in one line, for people.
  String describe();

  /// The clock of [Request#deadlineNanos].
  default long nanoTime() {
    return System.nanoTime();
  }

  /// What is done another way here than on the best host, one line each, for people. Owned mode: by
  /// the owner.
  List<String> fallbacks();

  /// What the ring counts, to be read by any thread until [#close]; null where there is no ring.
  default @Nullable RingCounts counts() {
    return null;
  }

  /// Waits until at least `minimum` completions are there, `timeoutNanos` have passed
  /// ([Long#MAX_VALUE]: no limit) or [#wakeup()] was called, then passes on all that are there.
  /// Does not submit. Returns the number of completions passed on, or a negated error number.
  int await(int minimum, long timeoutNanos, CompletionSink sink);

  /// [#submit()] and [#await] in one system call where the host can. Owned mode only.
  int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink);

  /// [#submit()], then a wait of at most `minWaitNanos` for `batch` completions, which may go on for
  /// one until `timeoutNanos` have passed. It may also end early, with fewer or none; the caller sees
  /// by the time what is left to wait for. A wake-up may end it no sooner than `minWaitNanos`. Owned
  /// mode only.
  ///
  /// @param batch at least 1
  /// @param minWaitNanos above 0 and at most `timeoutNanos`
  default int submitAndAwait(
      int batch, long minWaitNanos, long timeoutNanos, CompletionSink sink) {
    return submitAndAwait(batch, minWaitNanos, sink);
  }

  /// Passes on the completions that are there, without waiting.
  int drain(CompletionSink sink);

  /// Makes the current or the next [#await] return. From any thread; cheap when repeated.
  void wakeup();

  /// Puts an open file into the ring's table. Returns the slot, or a negated error number; the
  /// identity where the host has no such table.
  int registerFile(int descriptor);

  /// Takes an empty slot, for OPEN_REGISTERED. Returns it, or a negated error number: `-ENFILE`
  /// when all are in use, `-EOPNOTSUPP` where the backend has no such thing.
  int reserveFile();

  /// Empties a slot, whether or not something is in it, and gives it back.
  void unregisterFile(int slot);

  /// Whether memory can be made known to the kernel at all; where not, [#fallbacks()] says so.
  default boolean registersBuffers() {
    return false;
  }

  /// Makes native memory known to the kernel. Returns an index, or a negated error number
  /// (`-ENOMEM`: the memlock limit does not allow it; `-EOPNOTSUPP`: no such thing here).
  int registerBuffer(MemorySegment memory);

  /// Makes known what another ring of the same bus knows, without locking it once more. Shared
  /// mode only. Returns an index, or a negated error number (`-EOPNOTSUPP`: no such thing here);
  /// [#registerBuffer] may then still do.
  ///
  /// @param index of the buffer with the other ring, which keeps it meanwhile
  default int cloneBuffer(Backend source, int index) {
    return -Errno.EOPNOTSUPP;
  }

  void unregisterBuffer(int index);

  /// Memory on huge pages that lives as long as the arena, or null where the backend has no way to
  /// it. From any thread.
  ///
  /// @param bytes at least 1
  default @Nullable HugeMemory mapHuge(Arena arena, long bytes) {
    return null;
  }

  /// Whether a request with `multishot` completes again and again until it is cancelled or fails.
  /// Where not, it is prepared anew after each completion, without the flag.
  boolean repeats(Request request);

  /// Closes a descriptor that nobody uses. At once: the last close of a file waits for nothing.
  void closeDescriptor(int descriptor);

  /// Makes buffers ready for receives of one pool. Owned mode only. Returns the number of the
  /// pool, or a negated error number (`-EINVAL`: they cannot be filled piece by piece here).
  ///
  /// @param slab native memory of `count * bufferBytes` bytes, which stays alive until
  ///     [#closePool(int)]
  int openPool(MemorySegment slab, int count, int bufferBytes, boolean incremental);

  /// Gives a buffer back to its pool.
  void provide(int pool, int buffer);

  /// Ends a pool that no request uses.
  void closePool(int pool);

  /// The address of a socket's own end, or null where it is not known.
  @Nullable SocketAddress localAddress(int descriptor);

  /// The address of a socket's other end, or null where it is not known.
  @Nullable SocketAddress peerAddress(int descriptor);

  /// Sets an option that is a number or a switch (0 or 1). Returns 0 or a negated error number.
  int setOption(int descriptor, SocketOption<?> option, int value);

  /// Returns the value of an option that is a number or a switch, or a negated error number.
  int option(int descriptor, SocketOption<?> option);

  /// A descriptor that is readable while completions wait, or after [#notice()], for the poll of
  /// another bus of the same backend; a negated error number where there is none. Owned mode only.
  int descriptor();

  /// Makes [#descriptor()] readable until the next completions are passed on.
  void notice();

  /// Reads on the calling thread, which may wait for the device. From any thread, for a descriptor
  /// that stays open.
  ///
  /// Returns the bytes read, 0 at the end of the file, or −1 when nothing was read: the caller then
  /// goes the usual way, which also tells why.
  int read(int descriptor, MemorySegment buffer, int length, long offset);

  /// As [#read], but never waits for the device: −1 when that would be needed.
  ///
  /// @param vector 16 bytes of native memory that nobody else uses meanwhile
  int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset);

  /// Writes to a file that is not direct, on the calling thread: the kernel takes such bytes without
  /// waiting for the device, as a rule. From any thread, for a descriptor that stays open.
  ///
  /// Returns the bytes written, or −1 when nothing was: the caller then goes the usual way, which
  /// also tells why.
  int writeBuffered(int descriptor, MemorySegment buffer, int length, long offset);

  /// What [#writeDurable] and [#sync(int, boolean)] answer where there is no such call; no error
  /// number.
  int NOT_HERE = Integer.MIN_VALUE;

  /// Writes on the calling thread so that the bytes are on stable storage on return. From any
  /// thread, for a descriptor that stays open; waits for the device.
  ///
  /// Returns the bytes written, a negated error number, or [#NOT_HERE].
  int writeDurable(int descriptor, MemorySegment buffer, int length, long offset);

  /// Makes a file durable on the calling thread: its bytes alone, or its metadata too. From any
  /// thread, for a descriptor that stays open; waits for the device.
  ///
  /// Returns 0, a negated error number, or [#NOT_HERE].
  int sync(int descriptor, boolean dataOnly);

  /// Takes or refuses an exclusive lock on the whole open file, which lives as long as the open
  /// file and is not shared with other opens in this process where the host can (OFD lock).
  /// Returns 0, or `-EAGAIN` when another holds it. From any thread; never waits.
  int lock(int descriptor);

  /// Creates one directory with mode 0700. Returns 0 or a negated error number. From any thread.
  int createDirectory(Path path);

  /// Names in a directory, sorted, without `.` and `..`. From any thread.
  List<String> list(Path directory) throws java.io.IOException;

  /// The path without symbolic links. From any thread.
  Path realPath(Path path) throws java.io.IOException;

  /// Whether the host has ended, as a simulated one does: nothing of what was in flight touches memory
  /// any more, and nobody waits for it.
  default boolean hasEnded() {
    return false;
  }

  /// Releases everything. The caller has cancelled and awaited all requests, or has decided to
  /// leak: with `abandon` the memory that the kernel may still write is left mapped.
  void close(boolean abandon);
}
