package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import java.util.Objects;

/// Results from the time they are ready to `done`. What one brings, as a file or a buffer, is the
/// caller's who takes it, else let go of.
///
/// Confined to the bus thread.
final class Results {

  private final Backend backend;
  private final HandleTable table;
  private final ReadyQueue ready;
  private final Inbox inbox;

  Results(Backend backend, HandleTable table, ReadyQueue ready, Inbox inbox) {
    this.backend = backend;
    this.table = table;
    this.ready = ready;
    this.inbox = inbox;
  }

  boolean isEmpty() {
    return ready.isEmpty();
  }

  /// Takes the oldest result into its handle; there must be one.
  Handle next() {
    Handle handle = ready.first();
    if (handle.isDispatched()) {
      discardUntaken(handle); // An earlier result of an operation with many, never done.
    }
    ready.remove();
    handle.bits |= Handle.DISPATCHED;
    if (handle.isPlain()) {
      return handle;
    }
    if (handle.extras.opened != null) {
      handle.extras.opened = null;
    }
    if (handle.extras.taken != null) {
      handle.extras.taken = null;
    }
    if ((handle.flags & CompletionFlags.BUFFER) != 0) {
      Objects.requireNonNull(handle.extras.pool).dispatched(handle);
    }
    if (handle.op == Op.INBOX && !handle.isFinal()) {
      handle.extras.message = inbox.take();
    }
    return handle;
  }

  /// Ends the view of a dispatched result, and frees its handle if it was the last.
  void done(Handle handle) {
    if (!handle.isPlain()) {
      discardUntaken(handle);
      handle.bits &= ~Handle.DISPATCHED;
      if (!handle.isFinal()) {
        return;
      }
    }
    table.free(handle);
  }

  /// Closes a file or gives back a buffer that a result has brought and nobody took.
  private void discardUntaken(Handle handle) {
    if (handle.outcome >= 0 && handle.extras.opened == null && brings(handle.op)) {
      backend.closeDescriptor(handle.outcome);
    } else if (handle.op == Op.OPEN_REGISTERED && handle.extras.opened == null) {
      handle.bus.discardOpened(handle);
    }
    if ((handle.flags & CompletionFlags.BUFFER) != 0 && handle.extras.taken == null) {
      Objects.requireNonNull(handle.extras.pool).recycle(handle);
    }
  }

  private static boolean brings(Op op) {
    return op == Op.OPEN || op == Op.SOCKET || op == Op.ACCEPT;
  }

  /// Lets go of what dispatched results have brought and nobody took.
  void discardDispatched() {
    for (int i = 0; i < table.size(); i++) {
      if (table.get(i).isDispatched()) {
        done(table.get(i));
      }
    }
  }
}
