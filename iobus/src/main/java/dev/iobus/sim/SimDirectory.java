package dev.iobus.sim;

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

  static void put(Map<String, SimNode> names, String name, @Nullable SimNode node) {
    if (node == null) {
      names.remove(name);
    } else {
      names.put(name, node);
    }
  }
}
