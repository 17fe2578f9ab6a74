package dev.iobus.sim;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What another disk has in place of the nodes of one: each has one copy, however many names it has.
/// Nodes are looked up alone, so that their identity decides nothing.
///
/// Confined to the holder of the disk.
final class NodeCopies {

  private final IdentityHashMap<SimNode, SimNode> copies = new IdentityHashMap<>();
  private final UnaryOperator<SimFile> copier;

  /// @param copier makes the other file of a file
  NodeCopies(UnaryOperator<SimFile> copier) {
    this.copier = copier;
  }

  /// Gives a directory all that another has, live and durable.
  void copy(SimDirectory from, SimDirectory to) {
    copies.put(from, to);
    copyNames(from.live(), to.live());
    copyNames(from.durable(), to.durable());
  }

  private void copyNames(Map<String, SimNode> from, Map<String, SimNode> to) {
    for (Map.Entry<String, SimNode> entry : from.entrySet()) {
      to.put(entry.getKey(), of(entry.getValue(), this::copy));
    }
  }

  /// Gives a directory what a crash leaves of another, which is durable then.
  ///
  /// @param kept the changes of names that survive
  void copySurvivors(SimDirectory from, SimDirectory to, NameJournal.Survivors kept) {
    copies.put(from, to);
    for (Map.Entry<String, SimNode> entry : NameJournal.afterCrash(from, kept).entrySet()) {
      SimNode copy =
          of(entry.getValue(), (below, target) -> copySurvivors(below, target, kept));
      to.live().put(entry.getKey(), copy);
      to.durable().put(entry.getKey(), copy);
    }
  }

  /// @param names gives a new directory its names
  private SimNode of(SimNode node, BiConsumer<SimDirectory, SimDirectory> names) {
    SimNode known = copies.get(node);
    if (known != null) {
      return known;
    }
    return switch (node) {
      case SimFile file -> of(file);
      case SimDirectory directory -> {
        SimDirectory copy = new SimDirectory(directory.inode());
        names.accept(directory, copy);
        yield copy;
      }
      case SimSymbolicLink _, SimSocketName _ -> {
        copies.put(node, node); // Both disks have it, as it never changes.
        yield node;
      }
    };
  }

  /// The copy of a file; made now where no name has led to it.
  SimNode of(SimFile file) {
    return copies.computeIfAbsent(file, _ -> copier.apply(file));
  }

  /// The copy that there is of a node.
  @Nullable SimNode get(SimNode node) {
    return copies.get(node);
  }
}
