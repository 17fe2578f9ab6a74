package dev.iobus.sim;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Names and what they stand for, live and durable apart: a file that was synced is lost all the
/// same while its name is not durable.
///
/// Confined to the holder of the disk.
final class SimDirectory extends SimNode {

  private final TreeMap<String, SimNode> live = new TreeMap<>();
  private final TreeMap<String, SimNode> durable = new TreeMap<>();

  SimDirectory(long inode) {
    super(inode);
  }

  TreeMap<String, SimNode> live() {
    return live;
  }

  TreeMap<String, SimNode> durable() {
    return durable;
  }

  @Nullable SimNode get(String name) {
    return live.get(name);
  }

  static void put(TreeMap<String, SimNode> names, String name, @Nullable SimNode node) {
    if (node == null) {
      names.remove(name);
    } else {
      names.put(name, node);
    }
  }
}
