package dev.iobus.bench.doctor;

import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.StoreStats;
import java.io.IOException;
import java.nio.file.Path;

/// What a store chooses on this host.
final class StoreExam {

  private static final String NATIVE_CODEC = "JNI";

  private StoreExam() {}

  /// Opens a store, asks it, and closes it.
  ///
  /// @param directory of its own
  static void examine(Diagnosis diagnosis, Path directory) {
    StoreOptions options =
        StoreOptions.defaults().withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN);
    try (Store store = Store.open(directory, options)) {
      StoreStats stats = store.stats();
      tell(diagnosis, stats.durableAppend(), stats.codec());
    } catch (IOException e) {
      diagnosis.warn("no store can be opened: " + e.getMessage());
    }
  }

  /// @param durableAppend how the log makes an append durable, and why so
  static void tell(Diagnosis diagnosis, String durableAppend, String codec) {
    diagnosis.fact("durable append", durableAppend);
    diagnosis.fact("codec", codec);
    if (!codec.contains(NATIVE_CODEC)) {
      diagnosis.warn(
          "LZ4 runs in Java and is several times slower: start java with"
              + " --enable-native-access=ALL-UNNAMED, or with org.lz4.java for modules");
    }
  }
}
