package dev.iobus.storage.wal;

import dev.iobus.OpenFlag;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Reads the records of an open log in LSN order, and follows it as it grows.
///
/// It sees what has the durability that it was opened with: with `SYNCED` only what no power loss
/// can take back; with `WRITTEN` also what the kernel has. It reads the files, with 1.25 MiB of
/// memory of its own, and holds nothing back: what the log's owner releases may be gone when the
/// reader gets there. Confined to one task at a time. Closed before the log is.
public final class WalReader implements AutoCloseable {

  // Constant after construction.
  private final LogView log;
  private final DataDirectory directory;
  private final int blockSize;
  private final Durability upTo;
  private final LogMemory memory;
  private final Arena arena;
  private final MemorySegment window;
  private final RecordAssembler records;

  // Where the reader is.
  private @Nullable WalSegment segment;
  private @Nullable DataFile file;
  private @Nullable FrameReader frames;
  private long segmentEnd;
  private long position;
  private boolean atStart = true;
  /// Everything below it can be read, and was there when the window was filled.
  private long limit;
  private boolean closed;

  // The current record.
  private boolean found;
  private long lsn;
  private long end;
  private MemorySegment payload = MemorySegment.NULL;

  WalReader(
      LogView log, DataDirectory directory, long from, Durability upTo, MemoryBudget budget) {
    this.log = log;
    this.directory = directory;
    this.blockSize = directory.blockSize();
    this.upTo = upTo;
    this.position = from;
    this.memory = new LogMemory(budget, "log reader", FrameReader.WINDOW_BYTES);
    try {
      memory.reserve(FrameReader.WINDOW_BYTES);
    } catch (MemoryLimitException e) {
      throw new AssertionError("the floor of an account does not hold", e);
    }
    this.arena = directory.bus().newArena();
    this.window = arena.allocate(FrameReader.WINDOW_BYTES, blockSize);
    this.records = new RecordAssembler(this::take, memory, from);
  }

  /// Goes to the next record, if the log has one now.
  ///
  /// @return whether there is one
  /// @throws WalReleasedException when the log was released beyond this place, and is gone
  /// @throws CorruptionException when the bytes are damaged, or no record begins where this reader
  ///     was opened
  /// @throws MemoryLimitException when the record is longer than a group and the budget does not
  ///     hold it
  /// @throws IOException when reading fails
  /// @throws IllegalStateException when the reader or the log is closed
  public boolean next() throws IOException {
    requireOpen();
    found = false;
    payload = MemorySegment.NULL;
    while (!found) {
      if (position >= limit && !refresh()) {
        return false;
      }
      readFrame();
    }
    return true;
  }

  /// Goes to the next record; waits for one at most `nanos`, [Long#MAX_VALUE] for ever. Waits no
  /// longer once the log is closed or has failed.
  ///
  /// @return whether there is one
  /// @throws IOException as [#next()]
  public boolean next(long nanos) throws IOException {
    long deadline = log.deadline(nanos);
    while (!next()) {
      if (log.awaitBeyond(position, upTo, deadline) <= position) {
        return false;
      }
    }
    return true;
  }

  /// Where the current record begins.
  ///
  /// @throws IllegalStateException when there is no current record
  public long lsn() {
    requireFound();
    return lsn;
  }

  /// Just after the current record: where to begin again, and what to release when it was dealt
  /// with.
  ///
  /// @throws IllegalStateException when there is no current record
  public long end() {
    requireFound();
    return end;
  }

  /// The bytes of the current record, read-only; valid until the next call of [#next()] or
  /// [#close()].
  ///
  /// @throws IllegalStateException when there is no current record
  public MemorySegment payload() {
    requireFound();
    return payload;
  }

  /// Learns how far the log has come. Returns whether there is anything new.
  private boolean refresh() {
    limit = log.reached(upTo);
    FrameReader reader = frames;
    if (reader != null) {
      // What lies behind the old limit in the window may have been written since.
      reader.forget();
    }
    WalSegment current = segment;
    if (current != null) {
      // Asked after the limit: what lies below that and in the next segment ended this one before.
      segmentEnd = log.endOf(current);
    }
    return position < limit;
  }

  private void readFrame() throws IOException {
    FrameReader reader = frames;
    if (reader == null || position >= segmentEnd) {
      reader = enter();
    }
    boolean valid = atStart ? reader.first(position) : reader.next(position);
    if (!valid || !records.accept(reader)) {
      // Read first, asked afterwards: what is not released now was not when it was read.
      log.requireHeld(position);
      DataFile read = file;
      throw new CorruptionException(
          read == null ? directory.path().toString() : read.path(),
          reader.offsetOf(position),
          "no valid frame for LSN %d, which the log has up to LSN %d".formatted(position, limit));
    }
    atStart = false;
    position = reader.end();
  }

  /// Opens the segment that holds the position.
  private FrameReader enter() throws IOException {
    closeFile();
    WalSegment next = log.segmentAt(position);
    DataFile opened;
    try {
      opened = directory.open(next.name(), log.isDirect(), OpenFlag.READ);
    } catch (IOException e) {
      // A slot that was released meanwhile may be gone altogether.
      log.requireHeld(position);
      throw e;
    }
    SegmentHeader header =
        new SegmentHeader(
            next.fileId(),
            next.segmentId(),
            0,
            next.firstLsn(),
            0,
            next.capacity(),
            next.blockSize());
    FrameReader reader = new FrameReader(opened, next.capacity(), header, window, blockSize);
    segment = next;
    segmentEnd = log.endOf(next);
    file = opened;
    frames = reader;
    return reader;
  }

  private void take(long recordLsn, long recordEnd, MemorySegment bytes) {
    found = true;
    lsn = recordLsn;
    end = recordEnd;
    payload = bytes;
  }

  private void requireFound() {
    if (!found) {
      throw new IllegalStateException("no current record: next() has not found one");
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the reader is closed");
    }
    log.requireOpen();
  }

  private void closeFile() throws IOException {
    DataFile open = file;
    segment = null;
    frames = null;
    file = null;
    if (open != null) {
      open.close();
    }
  }

  /// Closes the file that is read and frees the memory; the second call does nothing.
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    found = false;
    try {
      closeFile();
    } finally {
      records.close();
      memory.free(arena, FrameReader.WINDOW_BYTES);
      memory.close();
    }
  }
}
