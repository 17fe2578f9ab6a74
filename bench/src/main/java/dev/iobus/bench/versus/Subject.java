package dev.iobus.bench.versus;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// An open store that is measured. Thread-safe.
public interface Subject extends AutoCloseable {

  /// What a put waits for.
  enum Sync {
    /// The bytes are on stable storage.
    DURABLE,
    /// The kernel has the bytes.
    WRITTEN
  }

  void put(byte[] key, byte[] value, Sync sync) throws IOException;

  /// The value, or null when there is none.
  byte @Nullable [] get(byte[] key) throws IOException;

  @Override
  void close() throws IOException;
}
