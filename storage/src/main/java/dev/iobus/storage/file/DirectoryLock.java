package dev.iobus.storage.file;

import dev.iobus.HostFacts;
import dev.iobus.HostProcess;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredFile;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// One process, and in it one owner, at a time. Held from [#acquire] to [#close].
///
/// Two guards: a registry of real paths, because some file locks do not exclude within one
/// process; and the kernel's lock on the file `lock`. Its descriptor is registered in each ring of
/// the bus: that then keeps the open file, and with it the lock, until the last request of a killed
/// process has landed. Thread-safe.
final class DirectoryLock implements AutoCloseable {

  static final String FILE_NAME = "lock";

  /// How long a new owner waits for the last requests of a process that is gone.
  private static final long GONE_WAIT_NANOS = 5_000_000_000L;

  private static final long RETRY_NANOS = 10_000_000L;

  /// A directory of a host: simulated hosts have the same paths.
  private record Place(HostFacts host, Path path) {}

  /// What is open in this JVM, by its real path. A leaf lock: nothing is called inside it.
  private static final ConcurrentMap<Place, Boolean> OPEN_HERE = new ConcurrentHashMap<>();

  private final SharedBus bus;
  private final Path directory;
  private final OpenFile file;
  private final RegisteredFile registered;

  private DirectoryLock(
      SharedBus bus, Path directory, OpenFile file, RegisteredFile registered) {
    this.bus = bus;
    this.directory = directory;
    this.file = file;
    this.registered = registered;
  }

  /// Takes the lock of a directory, waiting only for a holder that is gone.
  ///
  /// @param directory a real path
  /// @throws DirectoryLockedException when it is held; nothing is left open then
  /// @throws IOException when the file is somebody else's, too; it is left as it was
  static DirectoryLock acquire(SharedBus bus, Path directory) throws IOException {
    Place place = new Place(bus.host(), directory);
    if (OPEN_HERE.putIfAbsent(place, Boolean.TRUE) != null) {
      throw new DirectoryLockedException(
          directory.toString(),
          bus.host().process().pid(),
          "is already open in this JVM; close it there, or share the one that is open");
    }
    try {
      return acquireFile(bus, directory);
    } catch (IOException | RuntimeException | Error e) {
      OPEN_HERE.remove(place);
      throw e;
    }
  }

  private static DirectoryLock acquireFile(SharedBus bus, Path directory) throws IOException {
    OpenFile file =
        bus.open(
            directory.resolve(FILE_NAME),
            OpenFlag.READ,
            OpenFlag.WRITE,
            OpenFlag.CREATE,
            OpenFlag.NO_FOLLOW);
    try (Arena arena = bus.newArena()) {
      MemorySegment record = arena.allocate(LockHolder.BYTES_MAX + 1);
      awaitLock(bus, directory, file, record);
      requireOwn(bus, directory, file, record);
      RegisteredFile registered = bus.register(file);
      try {
        writeHolder(bus, file, record);
      } catch (IOException | RuntimeException | Error e) {
        bus.unregister(registered);
        throw e;
      }
      return new DirectoryLock(bus, directory, file, registered);
    } catch (IOException | RuntimeException | Error e) {
      try {
        bus.close(file);
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /// Returns when the lock is held. The record is read anew at each try: a dead holder may have
  /// been followed by a live one.
  private static void awaitLock(
      SharedBus bus, Path directory, OpenFile file, MemorySegment record) throws IOException {
    Scheduler scheduler = bus.scheduler();
    long deadlineNanos = scheduler.nanoTime() + GONE_WAIT_NANOS;
    while (!bus.tryLock(file)) {
      HostProcess holder = readHolder(bus, file, record);
      if (holder != null && !bus.host().hasEnded(holder)) {
        throw new DirectoryLockedException(
            directory.toString(),
            holder.pid(),
            "is locked by " + LockHolder.describe(holder)
                + "; close the store there or end that process, the lock then goes by itself");
      }
      if (scheduler.nanoTime() - deadlineNanos >= 0) {
        throw new DirectoryLockedException(
            directory.toString(),
            holder == null ? -1 : holder.pid(),
            (holder == null
                    ? "is locked by a process that has not written its name"
                    : "is locked, its recorded holder (" + LockHolder.describe(holder) + ") is gone")
                + ", and the lock was not given back within 5 s; if no process has the"
                + " directory open, the last requests of a killed one still run: try again later");
      }
      sleep(scheduler, RETRY_NANOS);
    }
  }

  /// A condition that nobody signals: unlike a park, it is not cut short by an interrupt.
  private static void sleep(Scheduler scheduler, long nanos) {
    Scheduler.Lock lock = scheduler.newLock();
    lock.lock();
    try {
      lock.newCondition().awaitUntil(scheduler.nanoTime() + nanos);
    } finally {
      lock.unlock();
    }
  }

  private static @Nullable HostProcess readHolder(
      SharedBus bus, OpenFile file, MemorySegment record) throws IOException {
    return LockHolder.parse(new String(content(bus, file, record), StandardCharsets.UTF_8));
  }

  private static byte[] content(SharedBus bus, OpenFile file, MemorySegment record)
      throws IOException {
    return record.asSlice(0, bus.readFully(file, record, 0)).toArray(ValueLayout.JAVA_BYTE);
  }

  /// A file of the lock's name that somebody else made would be written over.
  private static void requireOwn(
      SharedBus bus, Path directory, OpenFile file, MemorySegment record) throws IOException {
    byte[] bytes = content(bus, file, record);
    if (!LockHolder.isLock(bytes)) {
      throw new IOException(
          directory.resolve(FILE_NAME)
              + " was not made by this library, which needs a file of that name: nothing was"
              + " changed; move it away, or open another directory");
    }
  }

  /// Not synced: a lock does not outlive the machine. Its length comes first, so that a loss of
  /// power leaves that many bytes or none.
  private static void writeHolder(
      SharedBus bus, OpenFile file, MemorySegment record) throws IOException {
    byte[] text = LockHolder.format(bus.host().process()).getBytes(StandardCharsets.UTF_8);
    MemorySegment.copy(text, 0, record, ValueLayout.JAVA_BYTE, 0, text.length);
    bus.truncate(file, text.length);
    bus.writeFully(file, record.asSlice(0, text.length), 0, WriteFlag.NONE);
  }

  /// Gives the lock back. The file stays: deleting it would let two owners lock two files of one
  /// name. It is emptied before, so that a next owner who is killed before it has written its name
  /// is not taken for this one. Called once by the directory.
  @Override
  public void close() throws IOException {
    try {
      bus.truncate(file, 0);
    } finally {
      release();
    }
  }

  private void release() throws IOException {
    try {
      bus.unregister(registered);
    } finally {
      try {
        bus.close(file);
      } finally {
        OPEN_HERE.remove(new Place(bus.host(), directory));
      }
    }
  }
}
