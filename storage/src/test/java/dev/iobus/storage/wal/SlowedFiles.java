package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// The files of a host on which some ways to make a group durable take long, so that a log chooses
/// another. Thread-safe as what it stands before.
final class SlowedFiles implements LogFiles {

  private final LogFiles files;
  private final Scheduler scheduler;

  /// What takes long: all that is written past the kernel's cache, else all but what is tied.
  private final boolean direct;

  private final long nanos;

  /// Writes past the cache, since the begin.
  final AtomicInteger directWrites = new AtomicInteger();

  private SlowedFiles(LogFiles files, Scheduler scheduler, boolean direct, long nanos) {
    this.files = files;
    this.scheduler = scheduler;
    this.direct = direct;
    this.nanos = nanos;
  }

  /// Where a write that is tied to its sync is by far the quickest.
  ///
  /// @param files the host's own
  static SlowedFiles butForTied(LogFiles files, Scheduler scheduler) {
    return new SlowedFiles(files, scheduler, false, 2_000_000);
  }

  /// Where what is written past the kernel's cache takes long to be durable.
  ///
  /// @param files the host's own
  static SlowedFiles pastTheCache(LogFiles files, Scheduler scheduler) {
    return new SlowedFiles(files, scheduler, true, 20_000_000);
  }

  @Override
  public LogFile create(String name, boolean direct) throws IOException {
    return new Slowed(files.create(name, direct));
  }

  @Override
  public LogFile open(String name, boolean direct) throws IOException {
    return new Slowed(files.open(name, direct));
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
    long until = scheduler.nanoTime() + nanos;
    while (scheduler.nanoTime() < until) {
      scheduler.park(until);
    }
  }

  private final class Slowed implements LogFile {

    private final LogFile file;

    Slowed(LogFile file) {
      this.file = file;
    }

    private boolean isSlow(boolean tied) {
      return direct ? file.isDirect() : !tied;
    }

    private void countWrite() {
      if (file.isDirect()) {
        directWrites.incrementAndGet();
      }
    }

    @Override
    public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
      countWrite();
      if (flag == WriteFlag.DSYNC && isSlow(false)) {
        delay();
      }
      file.writeFully(from, offset, flag);
    }

    @Override
    public void dataSync() throws IOException {
      if (isSlow(false)) {
        delay();
      }
      file.dataSync();
    }

    @Override
    public void sync() throws IOException {
      file.sync();
    }

    @Override
    public void writeAndDataSync(MemorySegment from, long offset) throws IOException {
      countWrite();
      if (isSlow(true)) {
        delay();
      }
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
