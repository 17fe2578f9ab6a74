package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// The files of a host on which a write that is tied to its sync is by far the quickest way to make
/// a group durable, so that a log chooses that. Thread-safe as what it stands before.
///
/// @param files the host's own
record LinkedFiles(LogFiles files, Scheduler scheduler) implements LogFiles {

  private static final long SLOW_NANOS = 2_000_000;

  @Override
  public LogFile create(String name, boolean direct) throws IOException {
    return new Slow(files.create(name, direct));
  }

  @Override
  public LogFile open(String name, boolean direct) throws IOException {
    return new Slow(files.open(name, direct));
  }

  @Override
  public void delete(String name) throws IOException {
    files.delete(name);
  }

  @Override
  public void sync() throws IOException {
    files.sync();
  }

  private void delay() {
    long until = scheduler.nanoTime() + SLOW_NANOS;
    while (scheduler.nanoTime() < until) {
      scheduler.park(until);
    }
  }

  private final class Slow implements LogFile {

    private final LogFile file;

    Slow(LogFile file) {
      this.file = file;
    }

    @Override
    public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
      if (flag == WriteFlag.DSYNC) {
        delay();
      }
      file.writeFully(from, offset, flag);
    }

    @Override
    public void dataSync() throws IOException {
      delay();
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
