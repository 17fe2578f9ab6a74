package dev.iobus.sim;

import java.util.ArrayDeque;
import java.util.Arrays;

/// One direction of a connection: bytes in order, first under way, then there to be received.
///
/// Invariants.
/// 1. Bytes arrive in the order in which they were sent, and the end behind them.
/// 2. No more than the capacity are under way and there together.
/// 3. Of a stream that was broken what was under way never arrives.
///
/// Confined to the holder of the baton.
final class SimStream {

  private final SimNetwork network;
  private final SimSocket writer;
  private final SimSocket reader;
  private final int capacity;

  /// All bytes that were sent and not received; those of the first chunk from `taken` on.
  private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
  private int taken;
  private int sent;
  private int arrived;

  private long lastArrivalNanos;
  private boolean finished;
  private boolean ended;
  private boolean broken;
  private boolean deaf;

  SimStream(SimNetwork network, SimSocket writer, SimSocket reader, int capacity) {
    this.network = network;
    this.writer = writer;
    this.reader = reader;
    this.capacity = capacity;
  }

  /// Bytes that can be sent now.
  int room() {
    return capacity - sent;
  }

  /// Bytes that can be received now.
  int arrived() {
    return arrived;
  }

  /// Whether bytes have been sent that nobody has received.
  boolean holdsBytes() {
    return sent > 0;
  }

  /// Whether the writer has sent the end.
  boolean isFinished() {
    return finished;
  }

  /// Whether the end has arrived.
  boolean hasEnded() {
    return ended;
  }

  /// Whether nobody will receive any more.
  boolean isDeaf() {
    return deaf;
  }

  /// Sends bytes.
  ///
  /// @param count 1 to [#room()]
  /// @param delayNanos how much longer than usual they are under way
  void write(byte[] bytes, int from, int count, long delayNanos) {
    chunks.add(Arrays.copyOfRange(bytes, from, from + count));
    sent += count;
    arrive(delayNanos, () -> arrive(count));
  }

  private void arrive(int count) {
    if (deaf) {
      reader.reset(); // As a host answers bytes for a socket that is closed.
      return;
    }
    arrived += count;
    network.changed(reader);
  }

  /// Sends the end.
  void finish() {
    if (finished) {
      return;
    }
    finished = true;
    arrive(
        0,
        () -> {
          ended = true;
          network.changed(reader);
        });
    network.changed(writer);
  }

  private void arrive(long delayNanos, Runnable arrival) {
    long nanos = network.arrivalNanos(writer.family(), delayNanos);
    lastArrivalNanos = Math.max(lastArrivalNanos, nanos);
    network.at(
        lastArrivalNanos,
        () -> {
          if (!broken) {
            arrival.run();
          }
        });
  }

  /// Receives bytes that are there.
  ///
  /// @param most at least 1
  /// @return how many, at least 1
  int read(byte[] into, int from, int most) {
    int wanted = Math.min(most, arrived);
    int got = 0;
    while (got < wanted) {
      byte[] chunk = chunks.getFirst();
      int count = Math.min(wanted - got, chunk.length - taken);
      System.arraycopy(chunk, taken, into, from + got, count);
      got += count;
      taken += count;
      if (taken == chunk.length) {
        chunks.removeFirst();
        taken = 0;
      }
    }
    sent -= got;
    arrived -= got;
    network.changed(writer);
    return got;
  }

  /// Nobody will receive any more.
  void deafen() {
    deaf = true;
    network.changed(writer);
  }

  /// Loses what is under way, for good.
  void breakOff() {
    broken = true;
    sent = arrived;
  }
}
