package dev.iobus.bench.peers;

import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// LMDB through lmdbjava: a copy-on-write B-tree in a mapped file, one writer at a time. What it
/// caches is the kernel's page cache.
public final class LmdbProvider implements SubjectProvider {

  /// What the binding's documentation asks for on JDK 16 and later.
  static final List<String> JVM_OPTIONS =
      List.of(
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "-Dlmdbjava.disable.checks=true");

  @Override
  public String name() {
    return "lmdb";
  }

  @Override
  public String describe(SubjectSettings settings) {
    return LmdbEnvironment.version()
        + ", cached by the page cache alone, no compression, no read-ahead for data larger than the"
        + " memory";
  }

  @Override
  public Set<Sync> levels() {
    return EnumSet.of(Sync.SYNCED, Sync.WRITTEN);
  }

  @Override
  public List<String> jvmOptions() {
    return JVM_OPTIONS;
  }

  @Override
  public Subject open(Path directory, SubjectSettings settings) throws IOException {
    return new LmdbEnvironment(directory, settings);
  }
}
