package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds a close back while an operation in flight may still look its file up by the number of the
/// descriptor, which after a close is that of the next file that anybody opens.
///
/// The kernel looks a file up when it begins a request. That is at once for most, but later for the
/// members of a run behind the first, for what is always handed to a worker of the kernel
/// (io_wq_submit_work), and for the next request of a transfer that takes several. A run with such
/// a close in it waits as a whole; nothing else does.
///
/// Confined to the bus thread.
final class Closings {

  private final HandleTable table;

  /// Whole runs, one behind the other.
  private final ArrayDeque<Handle> waiting = new ArrayDeque<>();

  /// Operations that were begun, have not ended, and may look a file up.
  private int late;

  /// Whether the operation that was begun last is tied to the next.
  private boolean tied;

  Closings(HandleTable table) {
    this.table = table;
  }

  /// Whether a run must wait, none of whose members was begun.
  boolean holds(Handle[] run) {
    if (late > 0) {
      for (Handle handle : run) {
        if (handle.op == Op.CLOSE && isLookedUp(handle.file)) {
          return true;
        }
      }
    }
    return false;
  }

  /// As above, for an operation that is no member of a run.
  boolean holds(Handle handle) {
    return late > 0 && handle.op == Op.CLOSE && isLookedUp(handle.file);
  }

  private boolean isLookedUp(@Nullable BusFile file) {
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.extras.late && file != null && file.equals(handle.file)) {
        return true;
      }
    }
    return false;
  }

  void add(Handle handle) {
    handle.extras.waits = true;
    waiting.add(handle);
  }

  /// Takes the first run out that need not wait any more; empty if there is none.
  List<Handle> next() {
    ArrayDeque<Handle> run = new ArrayDeque<>();
    for (Handle handle : waiting) {
      run.add(handle);
      if (handle.request.link == Link.NONE) {
        if (!holds(run.toArray(Handle[]::new))) {
          waiting.removeAll(run);
          run.forEach(member -> member.extras.waits = false);
          return List.copyOf(run);
        }
        run.clear();
      }
    }
    return List.of();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /// Takes a handle out that is cancelled, and with it those that its chain would have cancelled.
  List<Handle> remove(Handle target) {
    List<Handle> removed = Barrier.removeChain(waiting, target);
    removed.forEach(member -> member.extras.waits = false);
    return removed;
  }

  /// Takes into account that an operation is given to the backend, members of a run in their order.
  void begun(Handle handle) {
    boolean behind = tied;
    tied = handle.request.link != Link.NONE;
    if (handle.file != null && handle.op != Op.CLOSE) {
      handle.extras.late =
          behind || handle.full || isAlwaysAWorkers(handle.op);
      late += handle.extras.late ? 1 : 0;
    }
  }

  private static boolean isAlwaysAWorkers(Op op) {
    return switch (op) {
      case FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT, SHUTDOWN -> true;
      default -> false;
    };
  }

  void ended(Handle handle) {
    if (handle.extras.late) {
      handle.extras.late = false;
      late--;
    }
  }
}
