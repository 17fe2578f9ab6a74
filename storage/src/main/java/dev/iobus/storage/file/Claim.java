package dev.iobus.storage.file;

import java.util.concurrent.atomic.AtomicBoolean;

/// The right to be the only writer of a log or a file in a [DataDirectory], from
/// [DataDirectory#claim] or [DataFile#claim] to [#close()]. Meanwhile the directory refuses to be
/// closed. Thread-safe.
public final class Claim implements AutoCloseable {

  private final DirectoryClaims claims;
  private final String key;
  private final String name;
  private final AtomicBoolean closed = new AtomicBoolean();

  Claim(DirectoryClaims claims, String key, String name) {
    this.claims = claims;
    this.key = key;
    this.name = name;
  }

  /// Gives the right back, after the last write; the second call does nothing.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      claims.giveBack(key);
    }
  }

  @Override
  public String toString() {
    return "Claim[" + name + (closed.get() ? ", closed]" : "]");
  }
}
