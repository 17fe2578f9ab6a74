package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Memory that has held one store's data does not reach the disk as the padding of another's.
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StaleMemoryTest {

  private static final byte[] MARKER = "~stale-memory-16".getBytes(UTF_8);
  private static final int ENTRIES = 1_500;

  @TempDir Path temporary;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void paddingHoldsNothingOfAnotherStore(BackendKind backend) throws IOException {
    ProofOptions.assumeTwoAvailable(backend);
    Path marked = temporary.resolve("marked");
    Path clean = temporary.resolve("clean");
    // One after the other and then both at once: buffers are reused, or lie side by side.
    try (Store first = open(marked, backend)) {
      write(first, new Random(1), true);
      try (Store second = open(clean, backend)) {
        write(second, new Random(2), false);
        write(first, new Random(3), true);
        write(second, new Random(4), false);
        second.compact();
      }
    }
    try (Store second = open(clean, backend)) {
      Contents.read(second);
      write(second, new Random(5), false);
    }
    assertTrue(occurrences(marked) > 0, "the marker is not even where it was written");
    assertEquals(0, occurrences(clean), "occurrences of another store's bytes");
  }

  private static Store open(Path directory, BackendKind backend) throws IOException {
    return Store.open(directory, ProofOptions.of(backend, Durability.WRITTEN));
  }

  private static void write(Store store, Random random, boolean marked) throws IOException {
    for (int i = 0; i < ENTRIES; i++) {
      byte[] value = new byte[16 * (1 + random.nextInt(40))];
      random.nextBytes(value);
      for (int at = 0; marked && at < value.length; at += 32) {
        System.arraycopy(MARKER, 0, value, at, MARKER.length);
      }
      store.put(Contents.key("key" + random.nextInt(ENTRIES)), value);
    }
    store.flush();
  }

  private static int occurrences(Path directory) throws IOException {
    int count = 0;
    for (Map.Entry<String, byte[]> file : DirectoryImage.of(directory).files().entrySet()) {
      byte[] bytes = file.getValue();
      for (int at = 0; at + MARKER.length <= bytes.length; at++) {
        if (bytes[at] == MARKER[0]
            && Arrays.equals(bytes, at, at + MARKER.length, MARKER, 0, MARKER.length)) {
          count++;
        }
      }
    }
    return count;
  }
}
