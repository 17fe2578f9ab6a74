package dev.iobus.storage.wal;

import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A segment's file as the writing side of the log sees it: all that it does to a disk. Tests put
/// something else in its place that remembers, or fails. Contracts are those of [DataFile].
interface LogFile extends AutoCloseable {

  void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException;

  void dataSync() throws IOException;

  void sync() throws IOException;

  /// One after the other, or both in one step.
  default void writeAndDataSync(MemorySegment from, long offset) throws IOException {
    writeFully(from, offset, WriteFlag.NONE);
    dataSync();
  }

  boolean isDirect();

  @Override
  void close() throws IOException;

  static LogFile of(DataFile file) {
    return new Real(file);
  }

  /// A file of the directory.
  record Real(DataFile file) implements LogFile {

    @Override
    public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
      file.writeFully(from, offset, flag);
    }

    @Override
    public void dataSync() throws IOException {
      file.dataSync();
    }

    @Override
    public void sync() throws IOException {
      file.sync();
    }

    @Override
    public void writeAndDataSync(MemorySegment from, long offset) throws IOException {
      file.writeAndDataSync(from, offset);
    }

    @Override
    public boolean isDirect() {
      return file.isDirect();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
