package dev.iobus.kv.version;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.FileKind;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Numbers and ids for new files. Thread-safe.
public final class FileNumbers {

  private final Scheduler scheduler;
  private final AtomicLong next;

  private FileNumbers(Scheduler scheduler, long next) {
    this.scheduler = scheduler;
    this.next = new AtomicLong(next);
  }

  /// Numbers above all that the manifest knows and all that are in use, also by files that nothing
  /// refers to.
  ///
  /// @param names what the directory holds
  public static FileNumbers above(ManifestState state, List<String> names, Scheduler scheduler) {
    long next = state.nextFileNumber();
    for (String name : names) {
      next = Math.max(next, FileNames.numberOf(FileKind.SSTABLE, name) + 1);
    }
    return new FileNumbers(scheduler, next);
  }

  /// A number that no file of the store ever had.
  long newNumber() {
    return next.getAndIncrement();
  }

  /// What the next file would get.
  long next() {
    return next.get();
  }

  /// A random id.
  long newFileId() {
    return newFileId(scheduler);
  }

  static long newFileId(Scheduler scheduler) {
    return scheduler.random("file-id").nextLong();
  }
}
