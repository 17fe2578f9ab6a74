package dev.iobus.storage.examples;

import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalReader;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// A queue whose messages outlive a loss of power, between any number of producers and one
/// consumer.
///
/// A message that [#put] acknowledged is taken at least once: after a crash the consumer begins
/// behind what it last confirmed. `put` is thread-safe; the rest belongs to the consumer's thread.
final class DurableQueue implements AutoCloseable {

  private static final String POSITION = "position";

  private final SharedBus bus;
  private final DataDirectory directory;
  private final Wal log;
  private final WalReader reader;
  private long taken;

  private DurableQueue(SharedBus bus, DataDirectory directory, Wal log, long from)
      throws IOException {
    this.bus = bus;
    this.directory = directory;
    this.log = log;
    this.reader = log.reader(from, Durability.SYNCED);
    this.taken = from;
  }

  // README: open
  static DurableQueue open(Path path) throws IOException {
    try (Opening opening = new Opening()) { // closes the first ones if a later one fails
      SharedBus bus = opening.keep(SharedBus.open(BusOptions.defaults()));
      DataDirectory directory = opening.keep(DataDirectory.open(bus, path));
      long confirmed = readPosition(directory); // 0 in an empty directory
      Wal log =
          opening.keep(
              Wal.open(
                  directory,
                  WalOptions.defaults(),
                  new WalStart(confirmed, confirmed), // everything before was on stable storage
                  new MemoryBudget(16 << 20),
                  (lsn, end, payload) -> {})); // shows each record; the reader will do here
      DurableQueue queue = new DurableQueue(bus, directory, log, confirmed);
      opening.done();
      return queue;
    }
  }

  // README: put
  /// Returns when the message is on stable storage. Many threads share one sync.
  void put(byte[] message) throws IOException {
    log.append(MemorySegment.ofArray(message), Durability.SYNCED);
  }

  /// The same without a thread that waits.
  CompletionStage<Long> putLater(byte[] message) throws IOException {
    long end = log.append(MemorySegment.ofArray(message));
    return log.whenReached(end, Durability.SYNCED);
  }

  // README: take
  /// The next message; waits for one at most that long. Null when there is none.
  byte @Nullable [] take(long nanos) throws IOException {
    if (!reader.next(nanos)) {
      return null;
    }
    taken = reader.end();
    return reader.payload().toArray(ValueLayout.JAVA_BYTE);
  }

  /// Says that all messages taken so far are dealt with: they do not come again, and their space is
  /// used for new ones.
  void confirm() throws IOException {
    writePosition(taken); // first durable here,
    log.release(taken); // then gone there
  }

  // README: end

  private static long readPosition(DataDirectory directory) throws IOException {
    if (!directory.list().contains(POSITION)) {
      return 0;
    }
    try (Arena arena = Arena.ofShared();
        DataFile file = directory.open(POSITION, false, OpenFlag.READ)) {
      MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
      if (file.readFully(bytes, 0) != bytes.byteSize()) {
        throw new IOException(file.path() + " is too short");
      }
      return bytes.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /// Replaces the file as a whole: a crash leaves the old position or the new one.
  private void writePosition(long lsn) throws IOException {
    String next = POSITION + "-next";
    if (directory.list().contains(next)) {
      directory.delete(next);
    }
    try (Arena arena = Arena.ofShared();
        DataFile file = directory.create(next, false)) {
      MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
      bytes.set(ValueLayout.JAVA_LONG, 0, lsn);
      file.writeFully(bytes, 0, WriteFlag.NONE);
      file.sync();
    }
    directory.rename(next, POSITION);
    directory.sync();
  }

  @Override
  public void close() throws IOException {
    reader.close();
    log.close();
    directory.close();
    bus.close();
  }
}
