package dev.iobus.sim;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// A request on its way through the simulated kernel, and its memory meanwhile.
///
/// Until the operation is carried out the memory of a read holds junk that nobody else may change,
/// and that of a write what it held at the submission: who touches either is found out.
///
/// Confined to the holder of the baton.
final class SimJob {

  final Request request;
  final Op op;
  final long userData;
  final Link link;

  /// The next of the run that it is linked in.
  @Nullable SimJob next;

  /// What it works on; holds a reference.
  @Nullable SimOpenFile file;

  /// The table that its slots are in.
  final SimSlots slots;

  /// Whether the slot is looked up when its turn comes: what is before it in the run may fill it.
  boolean resolvesLate;

  /// Whether the chain was cut before it.
  boolean cut;

  /// Whether its end is told once more.
  boolean toldTwice;

  boolean ended;
  @Nullable InFlightWrite write;

  /// What the memory held at the beginning: that of a write must hold it at the end, that of a read
  /// gets it back where the read does not fill it.
  private byte @Nullable [] before;

  /// What the memory of a read must hold at the end, each byte of it.
  private byte junk;

  SimJob(Request request, SimSlots slots) {
    this.request = request;
    this.slots = slots;
    op = request.op;
    userData = request.userData;
    link = request.link;
  }

  boolean isTransfer() {
    return op == Op.READ || op == Op.WRITE;
  }

  /// Whether all memory and the place in the file are multiples of a sector.
  boolean isAligned() {
    boolean aligned = request.offset % Sector.BYTES == 0;
    if (request.vectors.isEmpty()) {
      long address = request.buffer.address() + request.bufferOffset;
      return aligned && address % Sector.BYTES == 0 && request.length % Sector.BYTES == 0;
    }
    for (int i = 0; i < request.vectors.count(); i++) {
      MemorySegment part = request.vectors.part(i);
      aligned &= part.address() % Sector.BYTES == 0 && part.byteSize() % Sector.BYTES == 0;
    }
    return aligned;
  }

  /// The bytes that a write is about to write, as they were when it was submitted.
  byte[] content() {
    byte[] bytes = before;
    assert bytes != null : "the memory is not owned";
    return bytes;
  }

  /// Tells whose memory it is.
  void note(SimMemory memory) {
    for (int i = 0; i < parts(); i++) {
      memory.note(part(i));
    }
  }

  /// Takes the memory over.
  void own(long random) {
    before = load();
    junk = (byte) (random | 1);
    if (op == Op.READ) {
      for (int i = 0; i < parts(); i++) {
        part(i).fill(junk);
      }
    }
  }

  /// Gives the memory back.
  ///
  /// @param read bytes for the beginning of the memory, or null to leave it as it is
  /// @param count how many of them
  /// @throws AssertionError when somebody else has changed it meanwhile
  /// @throws IllegalStateException when it was freed meanwhile
  void giveBack(byte @Nullable [] read, int count) {
    byte[] original = before;
    if (original == null) {
      return;
    }
    before = null;
    long changed = changed(MemorySegment.ofArray(original));
    if (changed >= 0) {
      throw new AssertionError(
          "byte " + changed + " of the memory of a " + op.label() + " at " + request.offset
              + " was changed while the kernel owned it");
    }
    if (read != null) {
      System.arraycopy(read, 0, original, 0, count);
      store(original);
    }
  }

  /// The first byte that is not as the kernel has left it, or −1.
  private long changed(MemorySegment written) {
    long at = 0;
    for (int i = 0; i < parts(); i++) {
      MemorySegment part = part(i);
      long length = part.byteSize();
      long changed =
          op == Op.WRITE ? part.mismatch(written.asSlice(at, length)) : firstNot(junk, part);
      if (changed >= 0) {
        return at + changed;
      }
      at += length;
    }
    return -1;
  }

  /// Memory that is the same when it is shifted by one is one byte all through.
  private static long firstNot(byte value, MemorySegment memory) {
    long length = memory.byteSize();
    if (length == 0) {
      return -1;
    }
    if (memory.get(ValueLayout.JAVA_BYTE, 0) != value) {
      return 0;
    }
    long changed = MemorySegment.mismatch(memory, 0, length - 1, memory, 1, length);
    return changed < 0 ? -1 : changed + 1;
  }

  private int parts() {
    return request.vectors.isEmpty() ? 1 : request.vectors.count();
  }

  private MemorySegment part(int index) {
    return request.vectors.isEmpty()
        ? request.buffer.asSlice(request.bufferOffset, request.length)
        : request.vectors.part(index);
  }

  private byte[] load() {
    byte[] bytes = new byte[request.length];
    move(bytes, false);
    return bytes;
  }

  private void store(byte[] bytes) {
    move(bytes, true);
  }

  private void move(byte[] bytes, boolean toMemory) {
    int at = 0;
    for (int i = 0; i < parts(); i++) {
      MemorySegment part = part(i);
      int length = (int) part.byteSize();
      move(part, 0, bytes, at, length, toMemory);
      at += length;
    }
  }

  private static void move(
      MemorySegment memory, long offset, byte[] bytes, int at, int length, boolean toMemory) {
    if (toMemory) {
      MemorySegment.copy(bytes, at, memory, ValueLayout.JAVA_BYTE, offset, length);
    } else {
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, at, length);
    }
  }
}
