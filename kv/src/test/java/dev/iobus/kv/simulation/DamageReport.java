package dev.iobus.kv.simulation;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;

/// How damage is to be told: as such, with the file and the place. Stateless.
final class DamageReport {

  private DamageReport() {}

  /// Whether an error says that something is damaged.
  ///
  /// @throws AssertionError when it does not say where
  static boolean isIn(IOException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof CorruptionException corruption) {
        boolean says =
            corruption.offset() >= 0
                && corruption.file().startsWith(StoreRun.DIRECTORY.toString());
        if (!says) {
          throw new AssertionError("damage, and nobody says where", e);
        }
        return true;
      }
      if (t instanceof FormatVersionException) {
        return true;
      }
    }
    return false;
  }
}
