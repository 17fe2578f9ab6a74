package dev.iobus.bench.bus;

import dev.iobus.bench.host.FileCache;
import java.nio.file.Path;
import java.util.Objects;

/// The page cache of storage, for a job that reads past the kernel's.
///
/// @param bed with the file
/// @param job a direct one that reads
record PageCacheEntrant(Bed bed, Job job) implements Entrant {

  @Override
  public String label() {
    return ContenderKind.IOBUS.label();
  }

  @Override
  public String kind() {
    return "page cache";
  }

  @Override
  public Contender open() throws Exception {
    Path directory = Objects.requireNonNull(bed.file().path().getParent());
    FileCache.drop(directory);
    return new PageCacheContender(
        new Blocks(job, bed.file(), bed.runs().incrementAndGet()), bed.backend());
  }
}
