package dev.iobus.storage.wal;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A log in a directory of its own, opened and reopened by tests. What recovery gave is kept.
final class LogHarness implements AutoCloseable {

  static final WalOptions TINY =
      WalOptions.defaults().withSegmentBytes(64 << 10, 64 << 10).withGroupBufferBytes(16 << 10);

  private final SharedBus bus;
  private final DataDirectory directory;
  private final WalOptions options;
  private final MemoryBudget budget = new MemoryBudget(256 << 20);
  final List<byte[]> recovered = new ArrayList<>();
  final List<Long> recoveredEnds = new ArrayList<>();
  private @Nullable Wal wal;

  LogHarness(Path path, WalOptions options) throws IOException {
    this.bus = SharedBus.open(BusOptions.defaults());
    this.directory = DataDirectory.open(bus, path);
    this.options = options;
  }

  DataDirectory directory() {
    return directory;
  }

  MemoryBudget budget() {
    return budget;
  }

  Wal open() throws IOException {
    return open(WalStart.NEW);
  }

  Wal open(WalStart start) throws IOException {
    recovered.clear();
    recoveredEnds.clear();
    Wal opened =
        Wal.open(
            directory,
            options,
            start,
            budget,
            (lsn, end, payload) -> {
              byte[] bytes = new byte[(int) payload.byteSize()];
              MemorySegment.copy(payload, 0, MemorySegment.ofArray(bytes), 0, bytes.length);
              recovered.add(bytes);
              recoveredEnds.add(end);
            });
    wal = opened;
    return opened;
  }

  /// Ends the log as a crash would.
  void crash() throws IOException {
    if (wal != null) {
      wal.abandon();
      wal = null;
    }
  }

  /// Reserves and fills a record; returns its end.
  static long append(Wal wal, byte[] record) throws IOException {
    Place place = wal.reserve(wal.acquire(record.length));
    place.put(0, MemorySegment.ofArray(record), 0, record.length);
    place.fill();
    return place.end();
  }

  static long append(Wal wal, byte[] record, Durability durability) throws IOException {
    long end = append(wal, record);
    wal.await(end, durability);
    return end;
  }

  /// A record that tells its number, padded to `length` bytes with a pattern of it.
  static byte[] record(long number, int length) {
    byte[] bytes = new byte[Math.max(length, Long.BYTES)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (number * 31 + i);
    }
    ByteBuffer.wrap(bytes).putLong(0, number);
    return bytes;
  }

  static long number(byte[] record) {
    return ByteBuffer.wrap(record).getLong(0);
  }

  /// Writes over a file of the directory as no log would.
  void overwrite(String name, long offset, byte[] bytes) throws IOException {
    try (var channel =
        java.nio.channels.FileChannel.open(
            directory.path().resolve(name), java.nio.file.StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), offset);
    }
  }

  byte[] content(String name) throws IOException {
    return java.nio.file.Files.readAllBytes(directory.path().resolve(name));
  }

  List<String> segments() throws IOException {
    return directory.list().stream().filter(n -> n.startsWith("wal-")).toList();
  }

  static MemorySegment direct(byte[] bytes) {
    return Arena.ofAuto().allocate(Math.max(bytes.length, 1)).asSlice(0, bytes.length)
        .copyFrom(MemorySegment.ofArray(bytes));
  }

  @Override
  public void close() throws IOException {
    try {
      crash();
    } finally {
      directory.close();
      bus.close();
    }
  }
}
