package dev.iobus.storage.wal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Puts the parts of long records together again and hands whole records to the consumer.
///
/// Takes frames in order and knows where the log is whole: after a record's last frame, never
/// between its parts. Holds memory for at most one record, until the next frame. Confined to one
/// thread; closed by its owner.
final class RecordAssembler implements AutoCloseable {

  private final RecordConsumer consumer;
  private final LogMemory memory;

  // The record under construction; arena is null when there is none.
  private @Nullable Arena arena;
  private MemorySegment parts = MemorySegment.NULL;
  private long lsn;
  private long filled;
  private boolean complete;

  // The end of the last frame that completed a record, or was a mark between records.
  private long wholeEnd;

  /// @param memory pays for the memory of long records
  /// @param start where the log begins
  RecordAssembler(RecordConsumer consumer, LogMemory memory, long start) {
    this.consumer = consumer;
    this.memory = memory;
    this.wholeEnd = start;
  }

  /// Takes the reader's current frame.
  ///
  /// @return false when that frame cannot follow the ones before it
  boolean accept(FrameReader frame) throws IOException {
    if (complete) {
      drop();
    }
    switch (frame.type()) {
      case FULL -> {
        if (arena != null || frame.recordLength() != frame.payloadLength()) {
          return false;
        }
        consumer.record(frame.lsn(), frame.end(), frame.payload());
        wholeEnd = frame.end();
      }
      case MARK -> {
        if (arena != null || frame.payloadLength() != 0) {
          return false;
        }
        wholeEnd = frame.end();
      }
      case FIRST -> {
        if (arena != null) {
          return false;
        }
        begin(frame);
        return add(frame);
      }
      case MIDDLE -> {
        return arena != null && add(frame);
      }
      case LAST -> {
        if (arena == null || !add(frame) || filled != parts.byteSize()) {
          return false;
        }
        complete = true;
        consumer.record(lsn, frame.end(), parts.asReadOnly());
        wholeEnd = frame.end();
      }
    }
    return true;
  }

  /// Where the log is whole: behind the last frame that ended a record.
  long wholeEnd() {
    return wholeEnd;
  }

  private void begin(FrameReader frame) throws IOException {
    int length = frame.recordLength();
    memory.reserve(length);
    arena = Arena.ofShared();
    parts = arena.allocate(Math.max(length, 1)).asSlice(0, length);
    lsn = frame.lsn();
    filled = 0;
  }

  private boolean add(FrameReader frame) {
    int length = frame.payloadLength();
    if (frame.recordLength() != parts.byteSize() || length > parts.byteSize() - filled) {
      return false;
    }
    MemorySegment.copy(frame.payload(), 0, parts, filled, length);
    filled += length;
    return true;
  }

  /// Forgets the record under construction: frames of it are missing.
  void drop() {
    complete = false;
    if (arena != null) {
      long length = parts.byteSize();
      parts = MemorySegment.NULL;
      arena.close();
      arena = null;
      memory.release(length);
    }
  }

  /// Frees the memory of a record that was not completed.
  @Override
  public void close() {
    drop();
  }
}
