package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Buffers that the kernel takes from when it has bytes to put into one: a ring of descriptions
/// in memory that both sides see (`io_uring_register_buf_ring(3)`), since Linux 5.19.
///
/// Only the tail is written here and read there, with release order (liburing
/// `io_uring_buf_ring_advance`); it lies in the reserved field of the first description.
///
/// Confined to the thread that owns the ring.
public final class BufferRing implements AutoCloseable {

  private static final long ALIGNMENT = 4096;

  /// The most entries of a ring, io_uring_register(2).
  public static final int ENTRIES_MAX = 32_768;

  private static final VarHandle ADDR = field(BUF, "addr");
  private static final VarHandle LEN = field(BUF, "len");
  private static final VarHandle BID = field(BUF, "bid");
  private static final long TAIL_OFFSET =
      BUF.byteOffset(java.lang.foreign.MemoryLayout.PathElement.groupElement("resv"));
  private static final VarHandle TAIL = JAVA_SHORT.varHandle();
  private static final VarHandle REG_ADDR = field(BUF_REG, "ring_addr");
  private static final VarHandle REG_ENTRIES = field(BUF_REG, "ring_entries");
  private static final VarHandle REG_BGID = field(BUF_REG, "bgid");
  private static final VarHandle REG_FLAGS = field(BUF_REG, "flags");

  private final Ring ring;
  private final Arena arena;
  private final int group;
  private final MemorySegment slab;
  private final int bufferBytes;
  private final MemorySegment descriptions;
  private final int mask;
  private short tail;

  private BufferRing(
      Ring ring, Arena arena, int group, MemorySegment slab, int bufferBytes,
      MemorySegment descriptions) {
    this.ring = ring;
    this.arena = arena;
    this.group = group;
    this.slab = slab;
    this.bufferBytes = bufferBytes;
    this.descriptions = descriptions;
    this.mask = (int) (descriptions.byteSize() / BUF.byteSize()) - 1;
  }

  /// What came of an attempt to register: the ring, or a negated error number in its place.
  ///
  /// @param ring null when refused
  /// @param refusal 0 or a negated error number
  public record Attempt(@org.jspecify.annotations.Nullable BufferRing ring, int refusal) {}

  /// Registers a ring with all buffers in it.
  ///
  /// @param group a number that no other ring of buffers has, 0 to 65,535
  /// @param slab `count` buffers of `bufferBytes` bytes one behind the other
  /// @param count 1 to [#ENTRIES_MAX]
  /// @param incremental whether the kernel may fill a buffer piece by piece (Linux 6.12)
  public static Attempt open(
      Ring ring, int group, MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    int entries = Integer.highestOneBit(Math.max(1, count * 2 - 1));
    Arena arena = Arena.ofShared();
    MemorySegment descriptions = arena.allocate(entries * BUF.byteSize(), ALIGNMENT);
    MemorySegment registration = arena.allocate(BUF_REG);
    REG_ADDR.set(registration, 0L, descriptions.address());
    REG_ENTRIES.set(registration, 0L, entries);
    REG_BGID.set(registration, 0L, (short) group);
    REG_FLAGS.set(registration, 0L, (short) (incremental ? IOU_PBUF_RING_INC : 0));
    int answer =
        ring.register(Libc.newErrnoCapture(arena), IORING_REGISTER_PBUF_RING, registration, 1);
    if (answer < 0) {
      arena.close();
      return new Attempt(null, answer);
    }
    BufferRing buffers = new BufferRing(ring, arena, group, slab, bufferBytes, descriptions);
    for (int i = 0; i < count; i++) {
      buffers.add(i);
    }
    buffers.publishTail();
    return new Attempt(buffers, 0);
  }

  /// Gives a buffer to the kernel.
  public void provide(int buffer) {
    add(buffer);
    publishTail();
  }

  private void add(int buffer) {
    long at = (tail & mask) * BUF.byteSize();
    ADDR.set(descriptions, at, slab.address() + (long) buffer * bufferBytes);
    LEN.set(descriptions, at, bufferBytes);
    BID.set(descriptions, at, (short) buffer);
    tail++;
  }

  private void publishTail() {
    TAIL.setRelease(descriptions, TAIL_OFFSET, tail);
  }

  /// Takes the buffers back; no request that uses them is in flight. Returns 0 or a negated error
  /// number, with which the memory is left to the kernel.
  public int unregister() {
    MemorySegment registration = arena.allocate(BUF_REG);
    REG_BGID.set(registration, 0L, (short) group);
    int answer =
        ring.register(Libc.newErrnoCapture(arena), IORING_UNREGISTER_PBUF_RING, registration, 1);
    if (answer >= 0 || answer == -Errno.EINVAL) {
      arena.close();
    }
    return Math.min(answer, 0);
  }

  @Override
  public void close() {
    unregister();
  }
}
