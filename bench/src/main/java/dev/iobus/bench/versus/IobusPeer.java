package dev.iobus.bench.versus;

import dev.iobus.bench.measure.StoreSettings;
import dev.iobus.kv.Store;
import dev.iobus.kv.WriteBatch;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// This store.
final class IobusPeer implements Peer {

  @Override
  public String name() {
    return "iobus";
  }

  @Override
  public String describe(Memory memory) {
    return "0.1.0-SNAPSHOT, " + (memory.sum() >> 20) + " MiB for everything";
  }

  @Override
  public Subject open(Path directory, Memory memory, Subject.Sync usual) throws IOException {
    Durability durability =
        switch (usual) {
          case DURABLE -> Durability.SYNCED;
          case WRITTEN -> Durability.WRITTEN;
        };
    StoreSettings settings = new StoreSettings(durability, memory.sum(), null);
    return new OpenStore(settings.open(directory));
  }

  private record OpenStore(Store store) implements Subject {

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      switch (sync) {
        case DURABLE -> store.write(new WriteBatch().put(key, value), Durability.SYNCED);
        case WRITTEN -> store.write(new WriteBatch().put(key, value), Durability.WRITTEN);
      }
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
      return store.get(key);
    }

    @Override
    public void close() throws IOException {
      store.close();
    }
  }
}
