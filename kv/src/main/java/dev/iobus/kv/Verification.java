package dev.iobus.kv;

import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.Version;
import dev.iobus.kv.version.VersionSet;
import java.io.IOException;

/// Reads the manifest and all tables of a version, and checks them. Stateless.
final class Verification {

  private Verification() {}

  /// @throws dev.iobus.storage.file.CorruptionException at the first damage
  /// @throws IllegalStateException when the store is closed meanwhile
  static VerifyReport run(VersionSet versions, Version version, StoreState state)
      throws IOException {
    versions.editLock().lock();
    try {
      versions.verifyManifest();
    } finally {
      versions.editLock().unlock();
    }
    int tables = 0;
    long blocks = 0;
    long entries = 0;
    long bytes = 0;
    for (int level = 0; level < Version.LEVELS; level++) {
      for (Table table : version.level(level)) {
        state.requireOpen();
        entries += table.verify();
        tables++;
        blocks += table.reader().properties().dataBlocks();
        bytes += table.info().sizeBytes();
      }
    }
    return new VerifyReport(tables, blocks, entries, bytes);
  }
}
