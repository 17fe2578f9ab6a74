package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds a close back while an operation in flight may still look its file up by the number of the
/// descriptor, which after a close is that of the next file that anybody opens.
///
/// The kernel looks a file up when it begins a request. That is at once for most, but later for the
/// members of a run behind the first, for what is always handed to a worker of the kernel
/// (io_wq_submit_work), and for the next request of a transfer that takes several. A run with such
/// a close in it waits as a whole, and its other members are then among those that are still to look
/// their files up: a later close of one of these waits behind it. Nothing else does.
///
/// Confined to the bus thread.
final class Closings {

  private final HandleTable table;

  /// Whole runs, one behind the other.
  private final ArrayDeque<Handle> waiting = new ArrayDeque<>();

  /// Operations that were begun, have not ended, and may look a file up.
  private int late;

  /// Operations that keep other busses from closing their file.
  private int retained;

  /// Whether the operation that was begun last is tied to the next.
  private boolean tied;

  Closings(HandleTable table) {
    this.table = table;
  }

  /// Whether a run must wait, none of whose members was begun. All that waits is before it.
  boolean holds(Handle... run) {
    for (Handle handle : run) {
      if (holds(handle)) {
        return true;
      }
    }
    return false;
  }

  /// As above for one that is no part of a run; allocates nothing.
  boolean holds(Handle handle) {
    return (late > 0 || !waiting.isEmpty()) && holds(handle, waiting);
  }

  private boolean holds(Collection<Handle> run, Collection<Handle> before) {
    for (Handle handle : run) {
      if (holds(handle, before)) {
        return true;
      }
    }
    return false;
  }

  /// @param before those that wait and come before the run that the handle is of
  private boolean holds(Handle handle, Collection<Handle> before) {
    BusFile file = handle.op == Op.CLOSE ? handle.file : null;
    return file != null && (isLookedUp(file) || isUsed(file, before));
  }

  private boolean isLookedUp(BusFile file) {
    for (int i = 0; late > 0 && i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.extras.late && file.equals(handle.file)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isUsed(BusFile file, Collection<Handle> before) {
    for (Handle handle : before) {
      if (handle.op != Op.CLOSE && file.equals(handle.file)) {
        return true;
      }
    }
    return false;
  }

  void add(Handle handle) {
    handle.extras.waits = true;
    waiting.add(handle);
  }

  /// Keeps other busses from closing the file of an operation until that has [#ended]. If one has,
  /// the operation has no file any more.
  void retain(Handle handle) {
    DescriptorUses uses = handle.op == Op.CLOSE ? null : uses(handle.file);
    if (uses == null || handle.extras.retained || handle.request.file < 0) {
      return;
    }
    if (uses.retain()) {
      handle.extras.retained = true;
      retained++;
    } else {
      handle.request.file = -1;
    }
  }

  /// Operations of this bus that keep others from closing a file.
  int retained(BusFile file) {
    DescriptorUses uses = uses(file);
    if (retained == 0 || uses == null || uses.others(0) == 0) {
      return 0;
    }
    int count = 0;
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      count += handle.extras.retained && file.equals(handle.file) ? 1 : 0;
    }
    return count;
  }

  /// @throws IllegalStateException when other busses keep this one from closing a file
  void checkOthers(BusFile file) {
    DescriptorUses uses = uses(file);
    int others = uses == null ? 0 : uses.others(retained(file));
    if (others > 0) {
      throw new IllegalStateException(
          file.path() + " has " + others + " operations in flight on other busses; await them first");
    }
  }

  private static @Nullable DescriptorUses uses(@Nullable BusFile file) {
    return switch (file) {
      case OpenFile open -> open.uses();
      case OpenSocket socket -> socket.uses();
      case RegisteredFile registered -> null; // Its slot is kept for it.
      case null -> null;
    };
  }

  /// Takes the first run out that need not wait any more; empty if there is none.
  List<Handle> next() {
    List<Handle> before = new ArrayList<>();
    List<Handle> run = new ArrayList<>();
    for (Handle handle : waiting) {
      run.add(handle);
      if (handle.request.link == Link.NONE) {
        if (!holds(run, before)) {
          waiting.removeAll(run);
          run.forEach(member -> member.extras.waits = false);
          return run;
        }
        before.addAll(run);
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
          behind || handle.isFull() || isAlwaysAWorkers(handle.op);
      if (handle.extras.late) {
        late++;
        retain(handle);
      }
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
    DescriptorUses uses = handle.extras.retained ? uses(handle.file) : null;
    if (uses != null) {
      handle.extras.retained = false;
      retained--;
      uses.release();
    }
  }
}
