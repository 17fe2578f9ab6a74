package dev.iobus.bench.bus;

import dev.iobus.bench.host.FileCache;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A [ContenderKind] that does a [Job] on a [Bed]: brings the file's pages into the page cache, or
/// drops them, before each run, and checks the file after one that wrote. Confined to one thread.
final class BlockEntrant implements Entrant {

  private final Bed bed;
  private final ContenderKind kind;
  private final Job job;
  private final String label;

  /// Of the run that goes on; null before the first.
  private @Nullable Blocks blocks;

  /// @param label its name in the workload
  BlockEntrant(Bed bed, ContenderKind kind, Job job, String label) {
    this.bed = bed;
    this.kind = kind;
    this.job = job;
    this.label = label;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public String kind() {
    return kind.label();
  }

  @Override
  public Contender open() throws Exception {
    Blocks next = new Blocks(job, bed.fileFor(kind, job), bed.runs().incrementAndGet());
    blocks = next;
    if (job.isDirect()) {
      // Pages that are there must be looked up, and dropped, by every direct transfer.
      Path directory = Objects.requireNonNull(next.file().path().getParent());
      FileCache.drop(directory);
    } else {
      next.file().warm();
    }
    return kind.open(bed, next);
  }

  @Override
  public void settle() throws Exception {
    Blocks last = blocks;
    if (last != null && job.access().isWrite()) {
      last.file().sync();
      if (kind.isChecked()) {
        last.verify();
      }
    }
  }
}
