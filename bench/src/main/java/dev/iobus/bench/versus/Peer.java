package dev.iobus.bench.versus;

import java.io.IOException;
import java.nio.file.Path;

/// A store that can be measured. Implementations from other source roots are found as services.
public interface Peer {

  /// What all subjects get, so that none has more memory than another.
  ///
  /// @param blockCacheBytes for blocks that were read
  /// @param memtableBytes of one memtable; two may exist at a time
  record Memory(long blockCacheBytes, long memtableBytes) {

    /// All of it.
    public long sum() {
      return blockCacheBytes + 2 * memtableBytes;
    }
  }

  /// A short name, such as `rocksdb`.
  String name();

  /// Version and settings, for the report.
  String describe(Memory memory);

  /// Opens or creates a store in `directory`, which exists.
  ///
  /// @param usual what most puts will wait for; a store may choose its kind of log by it
  Subject open(Path directory, Memory memory, Subject.Sync usual) throws IOException;
}
