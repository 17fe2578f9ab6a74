package dev.iobus.bench.kv;

import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.host.FileCache;
import dev.iobus.bench.workload.Preload;
import dev.iobus.bench.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// The files that cells begin with. A loaded store is made once for each subject, data and memory,
/// and kept until the end; cells that write get a copy. Confined to one thread.
final class LoadedStores {

  /// What decides how a loaded store looks.
  private record Key(String subject, DataShape data, long memoryBytes) {}

  private final Path directory;
  private final CellProcesses processes;
  private final Map<Key, Path> loaded = new HashMap<>();
  private int made;

  /// @param directory for all stores
  LoadedStores(Path directory, CellProcesses processes) {
    this.directory = directory;
    this.processes = processes;
  }

  /// A directory in which `cell` can begin.
  Path prepare(Cell cell) throws IOException, InterruptedException, CellFailedException {
    return switch (cell.row().workload().preload()) {
      case EMPTY -> fresh("empty");
      case LOADED -> {
        Path files = loaded(cell);
        FileCache.drop(files);
        yield files;
      }
      case COPY -> {
        Path copy = fresh("copy");
        DiskUse.copy(loaded(cell), copy);
        FileCache.drop(copy);
        yield copy;
      }
      case CRASHED -> {
        Path crashed = fresh("crashed");
        processes.run(cell.preparing(Workload.CRASH, crashed));
        FileCache.drop(crashed);
        yield crashed;
      }
    };
  }

  /// Removes what [#prepare] gave, unless others need it.
  void release(Cell cell, Path files) throws IOException {
    if (cell.row().workload().preload() != Preload.LOADED) {
      DiskUse.remove(files);
    }
  }

  private Path loaded(Cell cell) throws IOException, InterruptedException, CellFailedException {
    Key key = new Key(cell.subject(), cell.row().data(), cell.row().memoryBytes());
    Path files = loaded.get(key);
    if (files == null) {
      files = fresh("loaded-" + cell.subject());
      processes.run(cell.preparing(Workload.LOAD, files));
      loaded.put(key, files);
    }
    return files;
  }

  private Path fresh(String kind) throws IOException {
    return Files.createDirectory(directory.resolve(kind + "-" + made++));
  }
}
