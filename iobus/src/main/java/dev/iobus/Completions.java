package dev.iobus;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Op;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;

/// Takes what the backend passes on: makes results of it, or has the operation resumed.
///
/// Confined to the bus thread.
final class Completions implements CompletionSink {

  private final InFlight flight;
  private final HandleTable table;
  private final ReadyQueue ready;
  private final DirectResults direct;
  private final Barrier barrier;
  private final Closings closings;
  private final HeldDeadlines heldDeadlines;
  private final Scheduler scheduler;
  private final BusCounts counts;

  Completions(
      InFlight flight,
      HandleTable table,
      ReadyQueue ready,
      DirectResults direct,
      Barrier barrier,
      Closings closings,
      HeldDeadlines heldDeadlines,
      Scheduler scheduler,
      BusCounts counts) {
    this.flight = flight;
    this.table = table;
    this.ready = ready;
    this.direct = direct;
    this.barrier = barrier;
    this.closings = closings;
    this.heldDeadlines = heldDeadlines;
    this.scheduler = scheduler;
    this.counts = counts;
  }

  @Override
  public void complete(long userData, int result, int flags) {
    Handle handle = table.completed(userData);
    if (!handle.isPlain()) {
      completeOther(handle, result, flags);
      return;
    }
    flight.ended();
    handle.bits &= ~Handle.STRAIGHT;
    handle.enter(Handle.State.COMPLETED);
    handle.outcome = result;
    if (handle.holds()) {
      letGo(handle, result);
    }
    ready.add(handle);
  }

  @Override
  public boolean completePlain(long userData, int result) {
    Handle handle = table.straight(userData);
    if (handle == null || !direct.isOpen()) {
      return false;
    }
    direct.count();
    handle.completeStraight(result);
    if (handle.holds()) {
      letGo(handle, result);
    }
    Visits visits = direct.visits();
    if (visits != null) {
      visits.pass(handle, userData, result);
    } else {
      direct.pass(handle);
    }
    return true;
  }

  @Override
  public void endsWait() {
    if (ready.isEmpty()) {
      direct.open();
      if (direct.visits() != null) {
        flight.placing().lookAhead();
      }
    }
  }

  private void completeOther(Handle handle, int result, int flags) {
    BufferPool pool = handle.extras.pool;
    if (pool != null && (flags & CompletionFlags.BUFFER) != 0) {
      pool.brought();
    }
    if (handle.isFull()) {
      Transfer transfer = handle.extras.transfer();
      if (result > 0 && result < handle.request.length) {
        counts.cameShort();
      }
      int next = transfer.advance(handle.request, result, handle.extras.cancelRequested);
      if (next > 0) {
        flight.takesMore(handle);
        return;
      }
      finishTransfer(handle, next);
    } else if (!CompletionFlags.isFinal(flags)) {
      ready.add(handle, result, flags);
    } else if (mustRepeat(handle, result)) {
      ready.add(handle, result, flags | CompletionFlags.MORE);
      flight.takesMore(handle);
    } else {
      finish(handle, result, flags);
    }
  }

  void finishTransfer(Handle handle, int outcome) {
    Transfer transfer = handle.extras.transfer();
    handle.extras.transferred = transfer.transferred();
    transfer.clear();
    finish(handle, outcome, 0);
  }

  /// Whether an operation with many results is prepared again, as the backend completes it once.
  private static boolean mustRepeat(Handle handle, int result) {
    boolean ended = result < 0 || (result == 0 && handle.op == Op.RECV);
    return handle.repeats() && !handle.request.multishot && !ended && !handle.extras.cancelRequested;
  }

  /// Ends an operation with its last result.
  void finish(Handle handle, int outcome, int flags) {
    closings.ended(handle);
    heldDeadlines.remove(handle);
    flight.ended();
    if (!handle.extras.held) {
      barrier.ended(handle);
    }
    BufferPool pool = handle.extras.pool;
    if (outcome == -Errno.ENOBUFS && pool != null) {
      counts.poolExhausted();
      BusEvents.poolExhausted(
          handle.operation(), handle.target(), pool.size(), pool.bufferBytes());
    }
    if (handle.extras.event != null) {
      tellIfSlow(handle, handle.extras.event, outcome);
    }
    letGo(handle, outcome);
    Handle next = handle.extras.next;
    if (next != null && cuts(handle, outcome)) {
      next.extras.cut = true;
    }
    if (handle.extras.silent) {
      flight.endedSilently();
      table.free(handle);
    } else {
      handle.enter(Handle.State.COMPLETED);
      ready.add(handle, timedOut(handle, outcome) ? -Errno.ETIME : outcome, flags);
    }
  }

  /// Tells what has counted an operation that it has ended.
  private static void letGo(Handle handle, int outcome) {
    handle.releaseBuffer();
    handle.bus.ended(handle, outcome);
  }

  private static void tellIfSlow(Handle handle, Object event, int outcome) {
    BusEvents.end(event);
    if (BusEvents.wasSlow(event)) {
      BusEvents.tell(
          event,
          handle.bus.backend().label(),
          handle.operation(),
          handle.target(),
          handle.request.offset,
          outcome < 0 || !handle.isFull() ? outcome : handle.extras.transferred);
    }
    handle.extras.event = null;
  }

  /// Whether this result of a member of a chain cancels those behind it.
  private static boolean cuts(Handle handle, int outcome) {
    boolean whole =
        switch (handle.op) {
          case READ, WRITE, SEND, SEND_MESSAGE -> true;
          case RECV -> handle.extras.pool == null;
          default -> false;
        };
    return outcome < 0 || (whole && outcome < handle.request.length);
  }

  /// Whether a cancelled operation was cancelled by its deadline.
  private boolean timedOut(Handle handle, int outcome) {
    return outcome == -Errno.ECANCELED
        && handle.isBounded()
        && !handle.extras.cut
        && !handle.extras.cancelRequested
        && scheduler.nanoTime() - handle.extras.deadline >= 0;
  }
}
