package dev.iobus.sim;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Changes of names that are not durable, in the order in which they were made.
///
/// A change is whole or absent after a crash: a rename never loses both names. Apart from that a
/// crash keeps a prefix of all changes, as file systems with a journal do, or any of them.
///
/// Confined to the holder of the disk.
final class NameJournal {

  /// One name that a change gives another meaning.
  private record Effect(SimDirectory directory, String name, @Nullable SimNode node) {}

  private final List<List<Effect>> changes = new ArrayList<>();

  /// Gives a name a meaning, or takes it away.
  void set(SimDirectory directory, String name, @Nullable SimNode node) {
    List<Effect> change = new ArrayList<>();
    change.add(new Effect(directory, name, node));
    apply(change);
  }

  /// Moves a meaning from one name to another.
  void move(SimDirectory from, String name, SimDirectory to, String newName, SimNode node) {
    List<Effect> change = new ArrayList<>();
    change.add(new Effect(from, name, null));
    change.add(new Effect(to, newName, node));
    apply(change);
  }

  /// Takes over the changes of another disk, of which this one is a copy.
  ///
  /// @param copies of its nodes; what a change alone refers to is copied here
  void copyFrom(NameJournal other, NodeCopies copies) {
    for (List<Effect> change : other.changes) {
      List<Effect> copied = new ArrayList<>();
      for (Effect effect : change) {
        SimNode copy =
            switch (effect.node) {
              case null -> null;
              case SimFile file -> copies.of(file);
              case SimNode node -> copies.get(node);
            };
        if (copies.get(effect.directory) instanceof SimDirectory directory) {
          copied.add(new Effect(directory, effect.name, copy));
        }
      }
      changes.add(copied);
    }
  }

  private void apply(List<Effect> change) {
    for (Effect effect : change) {
      SimDirectory.put(effect.directory.live(), effect.name, effect.node);
    }
    changes.add(change);
  }

  /// Makes the names in a directory durable, and what was moved into it or out of it.
  void sync(SimDirectory directory) {
    for (int i = 0; i < changes.size(); i++) {
      List<Effect> change = changes.get(i);
      if (touches(change, directory)) {
        persist(change, i);
        change.clear();
      }
    }
    changes.removeIf(List::isEmpty);
  }

  /// A sync that fails: each change has reached the device, or waits for the next sync. Names are
  /// not lost for good as bytes are: file systems keep them in a journal, and end all writing when
  /// that cannot be written.
  void syncInVain(SimDirectory directory, CrashChoice choice) {
    for (int i = 0; i < changes.size(); i++) {
      List<Effect> change = changes.get(i);
      if (touches(change, directory)) {
        if (choice.keeps()) {
          persist(change, i);
          change.clear();
        } else if (choice.ordered()) {
          break;
        }
      }
    }
    changes.removeIf(List::isEmpty);
  }

  private static boolean touches(List<Effect> change, SimDirectory directory) {
    for (Effect effect : change) {
      if (effect.directory == directory) {
        return true;
      }
    }
    return false;
  }

  /// Older changes of the same names can no longer become durable after this one.
  private void persist(List<Effect> change, int index) {
    for (Effect effect : change) {
      SimDirectory.put(effect.directory.durable(), effect.name, effect.node);
      for (int i = 0; i < index; i++) {
        Iterator<Effect> older = changes.get(i).iterator();
        while (older.hasNext()) {
          Effect other = older.next();
          if (other.directory == effect.directory && other.name.equals(effect.name)) {
            older.remove();
          }
        }
      }
    }
  }

  /// The names of a directory as a crash leaves them, sorted.
  ///
  /// @param kept the changes that survive, from [#survivors]
  static Map<String, SimNode> afterCrash(SimDirectory directory, Survivors kept) {
    Map<String, SimNode> names = new TreeMap<>(directory.durable());
    for (List<Effect> change : kept.changes) {
      for (Effect effect : change) {
        if (effect.directory == directory) {
          SimDirectory.put(names, effect.name, effect.node);
        }
      }
    }
    return names;
  }

  /// Changes that a crash has kept, in order.
  static final class Survivors {
    private final List<List<Effect>> changes;

    private Survivors(List<List<Effect>> changes) {
      this.changes = changes;
    }
  }

  /// Chooses what survives.
  Survivors survivors(CrashChoice choice) {
    List<List<Effect>> kept = new ArrayList<>();
    for (List<Effect> change : changes) {
      if (choice.keeps()) {
        kept.add(change);
      } else if (choice.ordered()) {
        break;
      }
    }
    return new Survivors(kept);
  }
}
