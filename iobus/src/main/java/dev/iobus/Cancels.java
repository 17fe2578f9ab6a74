package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.events.CancelMeter;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Ends operations early: here where the backend does not have them yet, else by asking it.
///
/// Confined to the bus thread.
final class Cancels {

  private final HandleTable table;
  private final InFlight flight;
  private final Barrier barrier;
  private final Closings closings;
  private final Inbox inbox;
  private final BusCounts counts;
  private final CancelMeter meter = new CancelMeter();

  Cancels(
      HandleTable table,
      InFlight flight,
      Barrier barrier,
      Closings closings,
      Inbox inbox,
      BusCounts counts) {
    this.table = table;
    this.flight = flight;
    this.barrier = barrier;
    this.closings = closings;
    this.inbox = inbox;
    this.counts = counts;
  }

  /// Marks the target as cancelled, so that it is not resumed, and asks the backend if that has
  /// it.
  void start(Handle cancel) throws IOException {
    Handle target = table.targetOf(cancel);
    if (target.state() != Handle.State.IN_FLIGHT || target.userData != cancel.request.offset) {
      flight.finish(cancel, -Errno.ENOENT, 0);
      return;
    }
    target.extras.cancelRequested = true;
    counts.cancelled();
    meter.cancelled();
    if (target.extras.held || target.extras.waits) {
      endHeld(target);
      flight.finish(cancel, 0, 0);
    } else if (target.op == Op.INBOX) {
      inbox.listen(null);
      flight.finish(target, -Errno.ECANCELED, 0);
      flight.finish(cancel, 0, 0);
    } else {
      flight.prepare(cancel);
    }
  }

  /// Ends an operation that is held back, and those that its chain would have cancelled.
  void endHeld(Handle target) {
    List<Handle> all = target.extras.held ? barrier.remove(target) : closings.remove(target);
    for (Handle handle : all) {
      flight.finish(handle, -Errno.ECANCELED, 0);
    }
  }

  /// Cancels all operations in flight, or those on one file, without results for the cancels.
  /// Returns how many will be ended by it if they do not end by themselves.
  int all(Bus bus, @Nullable BusFile file) throws IOException {
    int cancelled = 0;
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      boolean meant = handle.op != Op.CANCEL && (file == null || isOn(handle.file, file));
      if (meant && handle.state() == Handle.State.IN_FLIGHT) {
        cancelled++;
        if (!handle.extras.cancelRequested) {
          silently(bus, handle);
        }
      }
    }
    return cancelled;
  }

  /// Whether what works on the one file works on the other: the same, or a slot that holds it.
  private static boolean isOn(@Nullable BusFile used, BusFile file) {
    return file.equals(used) || (used instanceof RegisteredFile slot && slot.holds(file));
  }

  /// A cancel that the caller has prepared is used instead, and keeps its result.
  private void silently(Bus bus, Handle target) throws IOException {
    boolean fresh = !table.hasCancel(target);
    Handle cancel = table.prepareCancel(target);
    if (fresh) {
      flight.silence(cancel);
    }
    flight.start(bus, cancel, Link.NONE, false);
  }

  /// Frees what was never enqueued, and cancels everything but closes.
  void beforeClose(Bus bus) throws IOException {
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.state() == Handle.State.PREPARED) {
        handle.releaseBuffer();
        table.free(handle);
      }
    }
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      boolean ours = handle.op != Op.CANCEL && handle.op != Op.CLOSE;
      if (ours && handle.state() == Handle.State.IN_FLIGHT && !handle.extras.cancelRequested) {
        Handle cancel = table.prepareCancel(handle);
        flight.start(bus, cancel, Link.NONE, false);
      }
    }
  }
}
