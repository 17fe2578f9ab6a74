package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.OpenSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// One direction of a connection: bytes that both ends know, and how many have gone in and come
/// out. Bytes that are lost, doubled or out of order do not match.
///
/// Confined to one thread.
final class Stream {

  static final int LENGTH_MAX = 4096;
  private static final int PERIOD = 65_521; // A prime, so that no length divides it.

  final OpenSocket from;
  final OpenSocket to;
  private final MemorySegment content;
  private long sent;
  private long received;

  /// Whether an operation is in flight that sends, and one that receives.
  boolean sending;
  boolean receiving;

  Stream(OpenSocket from, OpenSocket to, MemorySegment content) {
    this.from = from;
    this.to = to;
    this.content = content;
  }

  /// What is sent through all streams.
  static MemorySegment content(Arena arena) {
    byte[] bytes = new byte[PERIOD + LENGTH_MAX];
    new Random(7).nextBytes(bytes);
    System.arraycopy(bytes, 0, bytes, PERIOD, LENGTH_MAX);
    MemorySegment content = arena.allocate(bytes.length);
    MemorySegment.copy(bytes, 0, content, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return content;
  }

  /// The bytes that are to be sent next.
  MemorySegment next(int length) {
    return content.asSlice(sent % PERIOD, length);
  }

  void sent(int count) {
    sent += count;
  }

  /// Takes received bytes, which must be those that are next.
  void received(MemorySegment memory, long length) {
    long at = received % PERIOD;
    assertEquals(
        -1,
        MemorySegment.mismatch(memory, 0, length, content, at, at + length),
        () -> "received bytes from " + received + " on, first that is not as sent");
    received += length;
  }

  MemorySegment content() {
    return content;
  }

  /// Where in the content the next received byte stands.
  long place() {
    return received % PERIOD;
  }
}
