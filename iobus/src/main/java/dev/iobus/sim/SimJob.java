package dev.iobus.sim;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.Waiting;
import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A request on its way through the simulated kernel, and its memory meanwhile.
///
/// Until the operation is carried out the memory of a read holds junk that nobody else may change,
/// and that of a write what it held at the submission: who touches either is found out.
///
/// Confined to the holder of the baton.
final class SimJob implements Waiting {

  final Request request;
  final Op op;
  final long userData;
  final Link link;

  /// The next of the run that it is linked in.
  @Nullable SimJob next;

  /// What it works on; holds a reference.
  @Nullable SimDescription file;

  /// The ring that it came through, and whose slots it names.
  final SimRing ring;

  /// The pool that it receives into.
  @Nullable SimPool pool;

  /// Whether the slot is looked up when its turn comes: what is before it in the run may fill it.
  boolean resolvesLate;

  /// Whether the chain was cut before it.
  boolean cut;

  /// Whether its end is told once more.
  boolean toldTwice;

  boolean ended;

  /// Whether it stands in a queue of its file.
  boolean waits;

  /// Whether a cancel or its deadline has come: it ends in place of waiting.
  boolean mayNotWait;

  /// Whether a connect has begun. Bytes that were sent or received so far.
  boolean begun;
  int moved;

  /// What its completion tells.
  int flags;

  @Nullable InFlightWrite write;

  /// What the memory held at the beginning: that of a write must hold it at the end, that of a read
  /// gets it back where the read does not fill it.
  private byte @Nullable [] before;

  /// What the memory of a read must hold at the end.
  private Junk junk = new Junk((byte) 0);

  /// What has been received and is not in the memory yet.
  private byte[] received = new byte[0];

  private final boolean zeroCopy;

  SimJob(Request request, SimRing ring) {
    this.request = request;
    this.ring = ring;
    op = request.op;
    userData = request.userData;
    link = request.link;
    zeroCopy = request.zeroCopy && (op == Op.SEND || op == Op.SEND_MESSAGE);
  }

  @Override
  public Request request() {
    return request;
  }

  /// The opening of a file that it works on; null when it works on something else or nothing.
  @Nullable SimOpenFile openFile() {
    return file instanceof SimOpenFile open ? open : null;
  }

  /// Whether it moves bytes between memory of its own and a file or socket.
  boolean isTransfer() {
    return switch (op) {
      case READ, WRITE, SEND, SEND_MESSAGE, RECV_MESSAGE -> true;
      case RECV -> request.pool < 0;
      default -> false;
    };
  }

  /// Whether the kernel reads the memory, and does not write it.
  boolean sends() {
    return op == Op.WRITE || op == Op.SEND || op == Op.SEND_MESSAGE;
  }

  /// Whether it is a transfer on a socket that has to be whole for its chain.
  boolean isChainedTransfer() {
    return link == Link.CHAIN
        && (op == Op.SEND || op == Op.SEND_MESSAGE || (op == Op.RECV && request.pool < 0));
  }

  /// Whether a result cuts a chain.
  boolean isFailure(int result) {
    boolean mustBeWhole = isTransfer() && op != Op.RECV_MESSAGE;
    return result < 0 || (mustBeWhole && result < request.length);
  }

  /// The result of a job that may not go on.
  int whatWasMoved() {
    return moved > 0 ? moved : -Errno.ECANCELED;
  }

  /// Whether the memory is used after the result, which a notification follows then. After a failure,
  /// too, there may be one.
  boolean keepsMemory(int result, RandomGenerator random) {
    return zeroCopy && before != null && (result >= 0 || random.nextBoolean());
  }

  /// Takes bytes for the memory, behind those that it has taken before.
  void received(byte[] bytes) {
    if (received.length == 0) {
      received = new byte[request.length];
    }
    System.arraycopy(bytes, 0, received, moved, bytes.length);
    moved += bytes.length;
  }

  /// Whether all memory and the place in the file are multiples of so many bytes.
  boolean isAligned(int bytes) {
    boolean aligned = request.offset % bytes == 0;
    if (request.vectors.isEmpty()) {
      long address = request.buffer.address() + request.bufferOffset;
      return aligned && address % bytes == 0 && request.length % bytes == 0;
    }
    for (int i = 0; i < request.vectors.count(); i++) {
      MemorySegment part = request.vectors.part(i);
      aligned &= part.address() % bytes == 0 && part.byteSize() % bytes == 0;
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
    junk = Junk.of(random);
    if (!sends()) {
      for (int i = 0; i < parts(); i++) {
        junk.fill(part(i));
      }
    }
  }

  /// Gives the memory back, with what was received.
  void giveBack() {
    giveBack(received.length == 0 ? null : received, moved);
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
          sends() ? part.mismatch(written.asSlice(at, length)) : junk.firstChange(part);
      if (changed >= 0) {
        return at + changed;
      }
      at += length;
    }
    return -1;
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
