package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.WalFormat.FRAME_HEADER_BYTES;

import dev.iobus.OpenFlag;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.Claim;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One growing file of records, in the frames and with the tail rule of the log: for a manifest.
///
/// Every append is durable when it returns. A file is appended to only by who created it: after a
/// reopen the owner reads it and creates another, so that nothing is ever written behind a tail
/// that may be torn. LSNs count from the block behind the header. Confined to its owner's lock.
///
/// It takes [#bytesFor] of its owner's account while it is open; a read takes as much as the file is
/// long and at most 1.25 MiB, and as much again as a record is long that does not fit into a group.
public final class FrameFile implements AutoCloseable {

  /// Bytes of a group, and so of what one write transfers.
  private static final int GROUP_BYTES = 64 << 10;

  private final DataFile file;
  private final Claim claim;
  private final long fileId;
  private final int blockSize;
  private final int groupBytes;
  private final MemoryBudget.Account memory;
  private final Arena arena;
  private final MemorySegment group;

  /// Where in the file the next group begins.
  private long nextOffset;
  /// LSN behind the last frame.
  private long end;
  private long durable;
  private @Nullable Throwable failure;
  private boolean closed;

  private FrameFile(
      DataFile file,
      Claim claim,
      long fileId,
      int blockSize,
      MemoryBudget.Account memory,
      Arena arena) {
    this.file = file;
    this.claim = claim;
    this.fileId = fileId;
    this.blockSize = blockSize;
    this.groupBytes = bytesFor(blockSize);
    this.memory = memory;
    this.arena = arena;
    this.group = arena.allocate(groupBytes, blockSize);
    this.nextOffset = blockSize;
  }

  /// What an open file takes of its account, on a device with that block size; in bytes.
  public static int bytesFor(int blockSize) {
    return Math.max(GROUP_BYTES, blockSize);
  }

  /// Creates a file and writes its header, which becomes durable with the first append. The
  /// caller syncs the directory before it refers to the file.
  ///
  /// @param fileId drawn at random by the caller, new for each file
  /// @param memory pays for the file's memory until it is closed
  /// @throws MemoryLimitException when the account cannot
  /// @throws IllegalStateException when a file of that id is open in the directory
  /// @throws IOException when the name is taken or writing fails
  public static FrameFile create(
      DataDirectory directory,
      String name,
      FileKind kind,
      long fileId,
      MemoryBudget.Account memory)
      throws IOException {
    int bytes = bytesFor(directory.blockSize());
    memory.reserve(bytes);
    FrameFile created;
    try {
      created = createFile(directory, name, fileId, memory);
    } catch (IOException | RuntimeException | Error e) {
      memory.release(bytes);
      throw e;
    }
    try {
      created.writeHeader(kind);
      return created;
    } catch (IOException | RuntimeException | Error e) {
      try {
        created.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static FrameFile createFile(
      DataDirectory directory, String name, long fileId, MemoryBudget.Account memory)
      throws IOException {
    DataFile file = directory.create(name, false);
    Claim claim = null;
    try {
      claim = file.claim("frame file", fileId);
      Arena arena = directory.bus().newArena();
      return new FrameFile(file, claim, fileId, directory.blockSize(), memory, arena);
    } catch (RuntimeException | Error e) {
      if (claim != null) {
        claim.close();
      }
      try {
        file.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private void writeHeader(FileKind kind) throws IOException {
    MemorySegment block = group.asSlice(0, blockSize);
    new SegmentHeader(fileId, fileId, 1, 0, 0, Long.MAX_VALUE, blockSize).write(block, kind);
    file.writeFully(block, 0, WriteFlag.NONE);
  }

  /// Appends one record, durable on return.
  ///
  /// @param payload at most [Wal#MAX_RECORD_BYTES]
  /// @throws IllegalArgumentException when it is longer
  /// @throws WalFailedException when a write or sync failed, now or before: whether this record
  ///     survives is unknown, and no other can be appended
  public void append(MemorySegment payload) throws IOException {
    if (payload.byteSize() > WalFormat.MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "a record of %d bytes exceeds %d"
              .formatted(payload.byteSize(), WalFormat.MAX_RECORD_BYTES));
    }
    requireUsable();
    try {
      writeRecord(payload);
      sync();
    } catch (IOException | RuntimeException | Error e) {
      // Of a record of several frames the first may be there: nothing can follow it.
      throw fail(e);
    }
  }

  private void writeRecord(MemorySegment payload) throws IOException {
    int length = (int) payload.byteSize();
    int most = groupBytes - FRAME_HEADER_BYTES;
    if (length <= most) {
      writeFrame(FrameType.FULL, payload, 0, length);
      return;
    }
    for (int from = 0; from < length; from += most) {
      int piece = Math.min(most, length - from);
      FrameType type =
          from == 0
              ? FrameType.FIRST
              : from + piece == length ? FrameType.LAST : FrameType.MIDDLE;
      writeFrame(type, payload, from, piece);
    }
  }

  /// Writes one mark, durable on return: from then on damage to anything before it is told from
  /// a torn tail.
  ///
  /// @throws WalFailedException as [#append]
  public void mark() throws IOException {
    requireUsable();
    try {
      writeFrame(FrameType.MARK, MemorySegment.NULL, 0, 0);
      sync();
    } catch (IOException | RuntimeException | Error e) {
      // Of a record of several frames the first may be there: nothing can follow it.
      throw fail(e);
    }
  }

  /// One frame in a group of its own.
  private void writeFrame(FrameType type, MemorySegment payload, int from, int length)
      throws IOException {
    long lsn = nextOffset - blockSize;
    MemorySegment.copy(payload, from, group, FRAME_HEADER_BYTES, length);
    WalFormat.seal(
        group,
        0,
        type,
        length,
        (int) payload.byteSize(),
        Math.toIntExact(lsn - end),
        fileId,
        lsn,
        durable);
    long used = WalFormat.frameBytes(length);
    long bytes = WalFormat.alignUp(used, blockSize);
    group.asSlice(used, bytes - used).fill((byte) 0);
    file.writeFully(group.asSlice(0, bytes), nextOffset, WriteFlag.NONE);
    nextOffset += bytes;
    end = lsn + used;
  }

  private void sync() throws IOException {
    file.dataSync();
    durable = end;
  }

  /// Everything below this LSN is durable.
  public long durableMark() {
    return durable;
  }

  /// Length of the file in bytes.
  public long size() {
    return nextOffset;
  }

  /// Reads a file that was written by this class: gives its records to `consumer` in order, from
  /// the device where that is possible, and makes durable what it gave.
  ///
  /// @param memory pays for what is read
  /// @return clean, or torn where a crash left it; what lies behind a torn tail was never
  ///     acknowledged
  /// @throws CorruptionException when acknowledged bytes, or the header, are damaged; some records
  ///     may have been given to `consumer` before
  /// @throws FormatVersionException when a newer version of the library wrote the file
  /// @throws MemoryLimitException when the account cannot pay
  /// @throws IOException when reading fails, or the consumer does
  public static WalTail read(
      DataDirectory directory,
      String name,
      FileKind kind,
      MemoryBudget.Account memory,
      RecordConsumer consumer)
      throws IOException {
    try (DataFile file = directory.open(name, true, OpenFlag.WRITE);
        RecordAssembler records = new RecordAssembler(consumer, new LogMemory(memory), 0)) {
      // Before the first read: whatever is read after it was either durable or was damaged.
      file.sync();
      WalTail tail = read(directory, file, kind, memory, records);
      if (tail instanceof WalTail.Corrupt corrupt) {
        throw corrupt.exception();
      }
      return tail;
    }
  }

  private static WalTail read(
      DataDirectory directory,
      DataFile file,
      FileKind kind,
      MemoryBudget.Account memory,
      RecordAssembler records)
      throws IOException {
    int blockSize = directory.blockSize();
    long fileBytes = file.size();
    int windowBytes = FrameReader.windowBytes(fileBytes, blockSize);
    memory.reserve(windowBytes);
    Arena arena = directory.bus().newArena();
    try {
      MemorySegment window = arena.allocate(windowBytes, blockSize);
      SegmentHeader header = readHeader(file, kind, window.asSlice(0, blockSize));
      FrameReader reader = new FrameReader(file, fileBytes, header, window, blockSize);
      return read(reader, records, file.path());
    } finally {
      memory.free(arena, windowBytes);
    }
  }

  private static SegmentHeader readHeader(DataFile file, FileKind kind, MemorySegment block)
      throws IOException {
    MemorySegment found = block.asSlice(0, file.readFully(block, 0));
    FileHeader fileHeader =
        FileHeader.read(found, file.path(), kind, SegmentHeader.VERSION);
    SegmentHeader header = SegmentHeader.read(found, fileHeader.fileId());
    if (header == null) {
      throw new CorruptionException(
          file.path(), FileHeader.BYTES, "the header of the frames is damaged");
    }
    return header;
  }

  private static WalTail read(FrameReader reader, RecordAssembler records, String path)
      throws IOException {
    long at = 0;
    long mark = 0;
    boolean endsWithMark = false;
    while (reader.next(at) && records.accept(reader)) {
      at = reader.end();
      mark = Math.max(mark, reader.mark());
      endsWithMark = reader.type() == FrameType.MARK;
    }
    long end = records.wholeEnd();
    FrameReader.LaterFrames later = reader.scan(end);
    mark = Math.max(mark, later.mark());
    if (end < mark) {
      return new WalTail.Corrupt(end, mark, path, reader.offsetOf(end));
    }
    return endsWithMark && later.count() == 0
        ? new WalTail.Clean(end, mark)
        : new WalTail.Torn(end, mark, later.count());
  }

  private WalFailedException fail(Throwable first) {
    failure = first;
    return new WalFailedException(file.path(), first);
  }

  private void requireUsable() throws WalFailedException {
    if (closed) {
      throw new IllegalStateException("the file " + file.path() + " is closed");
    }
    Throwable first = failure;
    if (first != null) {
      throw new WalFailedException(file.path(), first);
    }
  }

  /// Closes the file; writes nothing. The second call does nothing.
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      try {
        file.close();
      } finally {
        claim.close();
        memory.free(arena, groupBytes);
      }
    }
  }
}
