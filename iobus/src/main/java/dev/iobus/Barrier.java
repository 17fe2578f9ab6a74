package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds operations back behind one that must run alone: it starts when everything before it has
/// ended, and everything after it starts when it has ended.
///
/// The kernel's own drain (`IOSQE_IO_DRAIN`) cannot be used: it waits for every earlier entry, and
/// the poll behind [Bus#wakeup()] is one that never ends. Operations with many results are not
/// waited for either.
///
/// Confined to the bus thread.
final class Barrier {

  private final ArrayDeque<Handle> held = new ArrayDeque<>();

  /// Whether something is held or runs alone; looked at once for each operation.
  private boolean active;

  /// The operation that runs alone, from its start to its end.
  private @Nullable Handle alone;

  /// Operations with one result that have been started and have not ended. Counted while something
  /// is held or runs alone.
  private int running;

  /// Whether nothing is held and nothing runs alone, so that nothing needs to be told.
  boolean isIdle() {
    return !active;
  }

  /// Takes into account what was started while it was idle, before something is to run alone.
  void count(HandleTable table) {
    running = 0;
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.state() == Handle.State.IN_FLIGHT) {
        handle.stopBeingPlain(); // Its end is told.
        started(handle);
      }
    }
  }

  /// Takes an operation in, if it must wait. Otherwise it counts as started.
  boolean holds(Handle handle) {
    if (handle.extras.drains || !isIdle()) {
      held.add(handle);
      active = true;
      return true;
    }
    started(handle);
    return false;
  }

  /// The first held operation that may start now, or null.
  @Nullable Handle next() {
    Handle first = held.peek();
    boolean may = first != null && alone == null && (!first.extras.drains || running == 0);
    return may ? first : null;
  }

  /// Lets the first held operation go; it counts as started.
  void release() {
    Handle first = held.remove();
    if (first.extras.drains) {
      alone = first;
    }
    active = alone != null || !held.isEmpty();
    started(first);
  }

  /// Operations from the first on that are tied to one another.
  List<Handle> firstRun() {
    List<Handle> run = new ArrayList<>();
    for (Handle handle : held) {
      run.add(handle);
      if (handle.request.link == Link.NONE) {
        break;
      }
    }
    return run;
  }

  /// Counts one that has started, until it has [#ended].
  void started(Handle handle) {
    if (counts(handle)) {
      running++;
    }
  }

  /// Takes the end of an operation that had been started into account.
  @SuppressWarnings("ReferenceEquality") // That very handle.
  void ended(Handle handle) {
    if (counts(handle)) {
      running--;
    }
    if (handle == alone) {
      alone = null;
      active = !held.isEmpty();
    }
  }

  private static boolean counts(Handle handle) {
    return !handle.repeats() && handle.op != Op.CANCEL;
  }

  /// Takes a held operation out, and with it those that its chain would have cancelled.
  List<Handle> remove(Handle target) {
    List<Handle> removed = removeChain(held, target);
    active = alone != null || !held.isEmpty();
    return removed;
  }

  /// As above, from any queue of whole runs.
  static List<Handle> removeChain(Collection<Handle> queue, Handle target) {
    List<Handle> all = new ArrayList<>(queue);
    int from = all.indexOf(target);
    int to = from + 1;
    while (all.get(to - 1).request.link == Link.CHAIN) {
      to++;
    }
    boolean endsRun = all.get(to - 1).request.link == Link.NONE;
    if (endsRun && from > 0) {
      all.get(from - 1).request.link = Link.NONE;
    }
    List<Handle> removed = List.copyOf(all.subList(from, to));
    queue.removeAll(removed);
    return removed;
  }
}
