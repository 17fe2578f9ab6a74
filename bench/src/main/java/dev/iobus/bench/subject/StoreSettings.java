package dev.iobus.bench.subject;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How a measured store is opened. Immutable.
///
/// @param durability what every write asks for
/// @param memoryBytes the store's memory budget; 0 for its default
/// @param backend the one backend to use; null for the best that this host allows
public record StoreSettings(
    Durability durability, long memoryBytes, @Nullable BackendKind backend) {

  public Store open(Path directory) throws IOException {
    return Store.open(directory, options());
  }

  private StoreOptions options() {
    StoreOptions options =
        StoreOptions.defaults().withDurability(durability).withBackend(backend);
    return memoryBytes == 0 ? options : options.withMemoryBytes(memoryBytes);
  }
}
