package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/// Random appends, random crashes: a crash keeps, zeroes or garbles any sector that was written
/// after the last sync. What comes back is always a prefix with everything that was acknowledged
/// as durable, through any number of epochs.
class WalProperties {

  private static final int SECTOR = 512;

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void whatIsRecoveredIsAPrefixWithEverythingAcknowledged(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    Path path = Files.createTempDirectory("wal-properties");
    try (LogHarness log =
        new LogHarness(
            path, LogHarness.TINY.withDurability(any(random, Durability.values())))) {
      TreeMap<Integer, byte[]> records = new TreeMap<>();
      int next = 0;
      for (int epoch = 0; epoch < 4; epoch++) {
        Wal wal = log.open();
        int found = log.recovered.size();
        assertTrue(found <= next);
        for (int i = 0; i < found; i++) {
          assertArrayEquals(records.get(i), log.recovered.get(i), "record " + i);
        }
        next = found;
        int synced = found;
        // What the log itself says is durable: it also syncs unasked, to make room.
        long known = wal.durableLsn();
        Map<String, byte[]> durable = contents(log);
        int appends = random.nextInt(30);
        for (int i = 0; i < appends; i++) {
          byte[] record = LogHarness.record(random.nextInt(), random.nextInt(lengthMax(random)));
          records.put(next++, record);
          Durability durability = any(random, Durability.values());
          LogHarness.append(wal, record, durability);
          if (durability == Durability.SYNCED) {
            synced = next;
          }
          if (durability == Durability.SYNCED || wal.durableLsn() > known) {
            known = wal.durableLsn();
            durable = contents(log);
          }
        }
        if (random.nextInt(4) == 0) {
          wal.close();
          synced = next;
        } else {
          log.crash();
          damage(log, wal.durableLsn() > known ? contents(log) : durable, random);
        }
        Wal reopened = log.open();
        assertTrue(
            log.recovered.size() >= synced,
            "recovered " + log.recovered.size() + " of " + synced + ", " + reopened.recovered());
        log.crash();
      }
    } finally {
      try (var files = Files.walk(path)) {
        for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static int lengthMax(Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> 100_000;
      case 1, 2 -> 10_000;
      default -> 300;
    };
  }

  private static <T> T any(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private static Map<String, byte[]> contents(LogHarness log) throws IOException {
    Map<String, byte[]> all = new TreeMap<>();
    for (String name : log.segments()) {
      try {
        all.put(name, log.content(name));
      } catch (NoSuchFileException deleted) {
        // The log deletes slots without a header in the background.
      }
    }
    return all;
  }

  /// Each sector that differs from its durable content is kept, lost or garbled.
  private static void damage(LogHarness log, Map<String, byte[]> durable, Random random)
      throws IOException {
    int odds = 1 + random.nextInt(4);
    for (String name : log.segments()) {
      byte[] now = log.content(name);
      byte[] before = durable.getOrDefault(name, new byte[0]);
      for (int at = 0; at < now.length; at += SECTOR) {
        byte[] live = Arrays.copyOfRange(now, at, at + SECTOR);
        byte[] old =
            at + SECTOR <= before.length
                ? Arrays.copyOfRange(before, at, at + SECTOR)
                : new byte[SECTOR];
        if (Arrays.equals(live, old) || random.nextInt(odds) != 0) {
          continue;
        }
        if (random.nextInt(3) == 0) {
          random.nextBytes(old);
        }
        System.arraycopy(old, 0, now, at, SECTOR);
      }
      log.overwrite(name, 0, now);
    }
  }
}
