package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.WalFormat.FRAME_HEADER_BYTES;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One append, from its permit to its place; of one record, or of several that are put there at
/// once. A fresh object for each, not a pooled one: the caller reads [#end()] after [#fill()], when
/// the log may be done with it already.
///
/// Confined to the appending task, but for what the commit sets under the log's lock.
final class Reservation implements Permit, Place {

  private enum State {
    ACQUIRED,
    RESERVED,
    ENDED
  }

  private final Appender appender;
  private final int payloadLength;
  private final long frameBytes;
  private final int records;

  /// For a record that does not fit into a group; null for all others.
  private final @Nullable LongRecord longRecord;

  private State state = State.ACQUIRED;
  private @Nullable Group group;
  private long at;
  private long lsn;
  private long end;

  Reservation(Appender appender, int payloadLength, @Nullable LongRecord longRecord) {
    this.appender = appender;
    this.payloadLength = payloadLength;
    this.longRecord = longRecord;
    this.frameBytes = WalFormat.frameBytes(payloadLength);
    this.records = 1;
  }

  /// For several records, which [#fillAll] puts there.
  Reservation(Appender appender, long frameBytes, int records) {
    this.appender = appender;
    this.payloadLength = 0;
    this.longRecord = null;
    this.frameBytes = frameBytes;
    this.records = records;
  }

  /// Bytes of all its frames.
  long frameBytes() {
    return frameBytes;
  }

  int records() {
    return records;
  }

  @Nullable LongRecord longRecord() {
    return longRecord;
  }

  /// Whether it can be reserved in that log.
  boolean isAcquiredFrom(Appender other) {
    return state == State.ACQUIRED && appender == other;
  }

  /// Sets the place in a group.
  void place(Group group, long at) {
    this.group = group;
    this.at = at;
    lsn = group.startLsn() + at;
    end = lsn + frameBytes;
    state = State.RESERVED;
  }

  /// Sets the place of a long record.
  void place(LongRecord record) {
    lsn = record.startLsn();
    end = record.endLsn();
    state = State.RESERVED;
  }

  @Override
  public void close() {
    if (state == State.ACQUIRED) {
      state = State.ENDED;
      appender.giveBack(this);
      if (longRecord != null) {
        longRecord.free();
      }
    }
  }

  @Override
  public long lsn() {
    return lsn;
  }

  @Override
  public long end() {
    return end;
  }

  @Override
  public void put(long position, MemorySegment from, long fromOffset, long length) {
    requireReserved();
    if (position < 0 || length < 0 || length > payloadLength - position) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of a record of %d bytes".formatted(length, position, payloadLength));
    }
    if (longRecord != null) {
      MemorySegment.copy(from, fromOffset, longRecord.payload(), position, length);
    } else if (group != null) {
      MemorySegment.copy(
          from, fromOffset, group.memory(), at + FRAME_HEADER_BYTES + position, length);
    }
  }

  @Override
  public void fill() {
    requireReserved();
    if (group != null) {
      group.sealFrame(at, FrameType.FULL, payloadLength, appender.durableMark());
    }
    state = State.ENDED;
    appender.filled(fills());
  }

  @Override
  public void abandon() {
    if (state == State.RESERVED) {
      state = State.ENDED;
      appender.abandoned(fills());
    }
  }

  private FillCount fills() {
    if (longRecord != null) {
      return longRecord.fills();
    }
    if (group != null) {
      return group.fills();
    }
    throw new AssertionError("a reserved place without memory");
  }

  /// Puts the records `from` to `to` of the list and says that they are there.
  void fillAll(List<MemorySegment> payloads, int from, int to) {
    requireReserved();
    Group target = group;
    if (target == null) {
      throw new AssertionError("several records without a group");
    }
    long frame = at;
    for (MemorySegment payload : payloads.subList(from, to)) {
      int length = (int) payload.byteSize();
      MemorySegment.copy(payload, 0, target.memory(), frame + FRAME_HEADER_BYTES, length);
      target.sealFrame(frame, FrameType.FULL, length, appender.durableMark());
      frame += WalFormat.frameBytes(length);
    }
    assert frame == at + frameBytes : "records changed their lengths";
    state = State.ENDED;
    appender.filled(target.fills());
  }

  private void requireReserved() {
    if (state != State.RESERVED) {
      throw new IllegalStateException(
          "the place is " + (state == State.ENDED ? "filled already" : "not reserved"));
    }
  }
}
