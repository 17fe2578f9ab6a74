package dev.iobus.sim;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Names, sorted, and what they stand for, live and durable apart: a file that was synced is lost
/// all the same while its name is not durable.
///
/// Confined to the holder of the disk.
final class SimDirectory extends SimNode {

  private final TreeMap<String, SimNode> live = new TreeMap<>();
  private final TreeMap<String, SimNode> durable = new TreeMap<>();

  SimDirectory(long inode) {
    super(inode);
  }

  Map<String, SimNode> live() {
    return live;
  }

  Map<String, SimNode> durable() {
    return durable;
  }

  @Nullable SimNode get(String name) {
    return live.get(name);
  }

  /// Lets the page cache forget what is clean of all files below.
  void dropCaches() {
    for (SimNode node : live.values()) {
      switch (node) {
        case SimFile file -> file.dropCache();
        case SimDirectory below -> below.dropCaches();
        case SimSymbolicLink _, SimSocketName _ -> {}
      }
    }
  }

  /// Ends the locks on all that is below.
  void unlockAll() {
    for (SimNode node : live.values()) {
      node.unlock();
      if (node instanceof SimDirectory below) {
        below.unlockAll();
      }
    }
  }

  /// A number that stands for all live names and bytes below.
  long contentHash(long seed) {
    long hash = seed;
    for (Map.Entry<String, SimNode> entry : live.entrySet()) {
      hash = Trace.mix(hash, entry.getKey().hashCode());
      hash =
          switch (entry.getValue()) {
            case SimFile file -> Trace.mix(hash, file.contentHash());
            case SimDirectory below -> below.contentHash(Trace.mix(hash, 1));
            case SimSymbolicLink link -> Trace.mix(hash, link.target().toString().hashCode());
            case SimSocketName _ -> Trace.mix(hash, 2);
          };
    }
    return Trace.mix(hash, live.size());
  }

  /// The lengths of all files below, one for each name.
  long fileBytes() {
    long bytes = 0;
    for (SimNode node : live.values()) {
      if (node instanceof SimFile file) {
        bytes += file.length();
      } else if (node instanceof SimDirectory below) {
        bytes += below.fileBytes();
      }
    }
    return bytes;
  }

  /// Adds all files below, one for each name, in the order of the names.
  void collectFiles(List<SimFile> files) {
    for (SimNode node : live.values()) {
      if (node instanceof SimFile file) {
        files.add(file);
      } else if (node instanceof SimDirectory below) {
        below.collectFiles(files);
      }
    }
  }

  static void put(Map<String, SimNode> names, String name, @Nullable SimNode node) {
    if (node == null) {
      names.remove(name);
    } else {
      names.put(name, node);
    }
  }
}
