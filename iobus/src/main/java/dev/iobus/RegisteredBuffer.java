package dev.iobus;

import dev.iobus.posix.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Memory that the kernel already knows for a ring, or for each ring of a [SharedBus], so that a transfer
/// need not look its pages up. Where the host refuses to register it, the same object works as plain memory and says why.
///
/// The memory belongs to the caller, who keeps it alive until the buffer was unregistered or the
/// bus closed; or, when it was made by `newBuffer`, it belongs to the buffer and is freed by that.
/// Disjoint parts may be in flight at the same time. Thread-safe.
public final class RegisteredBuffer {

  private final Object owner;
  private final MemorySegment memory;
  /// With each ring of the bus; −1 where it does not know the memory.
  private final int[] indices;
  private final @Nullable String refusal;
  private final @Nullable Arena arena;
  private final Pages pages;
  private final AtomicInteger inFlight = new AtomicInteger();

  private RegisteredBuffer(
      Object owner, MemorySegment memory, int[] results, @Nullable Arena arena, Pages pages) {
    this.owner = owner;
    this.memory = memory;
    this.indices = Arrays.stream(results).map(result -> Math.max(result, -1)).toArray();
    this.refusal = results[0] < 0 ? refusal(results[0], memory.byteSize()) : null;
    this.arena = arena;
    this.pages = pages;
  }

  /// Memory of the caller's.
  ///
  /// @param results of each ring: an index, or −1 with one that does not know it; or the negated error
  ///     number of a refusal, which is then that of all
  static RegisteredBuffer of(Object owner, MemorySegment memory, int[] results) {
    return new RegisteredBuffer(owner, memory, results, null, Pages.NORMAL);
  }

  /// Memory that ends with the buffer.
  static RegisteredBuffer owning(
      Object owner, MemorySegment memory, int[] results, Arena arena, Pages pages) {
    return new RegisteredBuffer(owner, memory, results, arena, pages);
  }

  private static String refusal(int result, long bytes) {
    if (bytes > Registrations.BUFFER_BYTES_MAX && result != -Errno.EOPNOTSUPP) {
      return bytes + " bytes are more than the 1 GiB of one buffer; register parts of the memory";
    }
    return switch (-result) {
      case Errno.ENOBUFS ->
          "ENOBUFS: the ring has 64 registered buffers, which is all it takes; unregister some, or"
              + " register memory in one piece and use parts of it";
      case Errno.ENOMEM ->
          "ENOMEM: registered memory counts against the memlock limit; raise it (ulimit -l)";
      case Errno.EOPNOTSUPP ->
          "this backend registers no memory; io_uring does from Linux 5.13 on";
      default -> Errno.name(-result) + ": " + Errno.text(-result);
    };
  }

  /// The whole memory.
  public MemorySegment memory() {
    return memory;
  }

  /// Whether the kernel knows the memory, for one ring at least; false where it is used as plain memory.
  public boolean isRegistered() {
    return refusal == null;
  }

  /// Rings of the bus that know the memory; for callers of the others it is plain memory.
  public int rings() {
    return (int) Arrays.stream(indices).filter(index -> index >= 0).count();
  }

  /// Why the host refused to register it and what would help; null when it did not.
  public @Nullable String refusal() {
    return refusal;
  }

  /// [Pages#HUGE] for the memory of [Bus#newBuffer(long, Pages)] when all of it is on huge pages.
  public Pages pages() {
    return pages;
  }

  /// Operations on this buffer that have no final result yet.
  public int inFlight() {
    return Math.max(0, inFlight.get());
  }

  int index(Object user) {
    return index(user, 0);
  }

  /// The index with one ring of the bus `user`; −1 where it does not know the memory.
  @SuppressWarnings("ReferenceEquality") // The same bus, not an equal one.
  int index(Object user, int ring) {
    if (user != owner) {
      throw new IllegalArgumentException("the buffer is registered with another bus");
    }
    if (inFlight.get() < 0) {
      throw new IllegalStateException("the buffer is no longer registered");
    }
    return indices[ring];
  }

  /// The indices with all rings.
  int[] indices() {
    return indices;
  }

  /// Counts one more operation in flight.
  void retain() {
    if (inFlight.getAndUpdate(n -> n < 0 ? n : n + 1) < 0) {
      throw new IllegalStateException("the buffer is no longer registered");
    }
  }

  void release() {
    inFlight.decrementAndGet();
  }

  /// Ends the registration, or refuses while operations are in flight.
  void markUnregistered() {
    if (!inFlight.compareAndSet(0, Integer.MIN_VALUE)) {
      int count = inFlight.get();
      throw new IllegalStateException(
          count < 0
              ? "the buffer is no longer registered"
              : "the buffer has " + count + " operations in flight; wait for their results first");
    }
  }

  /// Frees memory that is the buffer's own; it was unregistered.
  void freeMemory() {
    Arena own = arena;
    if (own != null) {
      own.close();
    }
  }
}
