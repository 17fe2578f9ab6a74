package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// The files of a host on which what is written past the kernel's cache takes long to be durable, so that
/// a log chooses to write through it. Thread-safe as what it stands before.
final class SlowedFiles implements LogFiles {

  private static final long SLOW_NANOS = 20_000_000;

  private final LogFiles files;
  private final Scheduler scheduler;

  /// Writes past the cache, since the begin.
  final AtomicInteger directWrites = new AtomicInteger();

  /// @param files the host's own
  SlowedFiles(LogFiles files, Scheduler scheduler) {
    this.files = files;
    this.scheduler = scheduler;
  }

  @Override
  public LogFile create(String name, boolean direct) throws IOException {
    return slowed(files.create(name, direct));
  }

  @Override
  public LogFile open(String name, boolean direct) throws IOException {
    return slowed(files.open(name, direct));
  }

  private LogFile slowed(LogFile file) {
    return file.isDirect() ? new Slow(file) : file;
  }

  @Override
  public void delete(String name) throws IOException {
    files.delete(name);
  }

  @Override
  public void sync() throws IOException {
    files.sync();
  }

  private final class Slow implements LogFile {

    private final LogFile file;

    Slow(LogFile file) {
      this.file = file;
    }

    private void delay() {
      long until = scheduler.nanoTime() + SLOW_NANOS;
      while (scheduler.nanoTime() < until) {
        scheduler.park(until);
      }
    }

    @Override
    public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
      directWrites.incrementAndGet();
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
      directWrites.incrementAndGet();
      delay();
      file.writeAndDataSync(from, offset);
    }

    @Override
    public boolean isDirect() {
      return true;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
