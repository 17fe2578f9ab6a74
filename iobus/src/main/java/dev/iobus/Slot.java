package dev.iobus;

import dev.iobus.backend.Request;
import dev.iobus.events.BusEvents;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One operation of a [SharedBus] between its submission and its result.
///
/// Owned by the caller that took it from the [SlotTable], except that from submission to
/// completion the reaper alone writes [#result], and who submits the request's user data.
final class Slot {

  /// User data of an operation that is not at the backend: a tag that [Tags] never give. Negative
  /// ones are the backend's own, which a cancel must not meet.
  private static final long NOT_IN_FLIGHT = Integer.MAX_VALUE;

  /// Of the ring whose table it is in.
  final int ring;

  final int index;
  final Request request = new Request();

  /// Memory for an argument of a system call, for whoever has the slot.
  final MemorySegment vector;

  /// The caller's own call for a single operation, so that none is allocated for it.
  final Call single;

  /// Whom the completion belongs to; set before the submission.
  @Nullable Call call;

  /// The one that was added before it, while it waits in [Submissions].
  @Nullable Slot next;

  /// The one that is tied to it and goes with it, right behind: see [Request#link]. Null for most.
  @Nullable Slot tied;

  /// Whether it is tied to another: that one's failure cancels it.
  boolean isTied;

  /// How many wait there with it, as it was added.
  int added;

  /// Position in a batch of transfers; unused otherwise.
  int entry;

  /// Given away by its caller and not completed; for cancels at close.
  volatile boolean pending;

  /// Whether a cancel was asked for: only then is ECANCELED a result.
  volatile boolean cancelRequested;

  /// Bytes, a descriptor, or a negated error number. Written before the call's count is.
  int result;

  /// What is told to the flight recorder if it was slow; null unless that records.
  @Nullable Object event;

  /// Whether the completion of this use has arrived; ordered by the call's count.
  boolean done;

  Slot(int ring, int index, MemorySegment vector) {
    this.ring = ring;
    this.index = index;
    this.vector = vector;
    this.single = new Call();
  }

  /// Readies the slot for its next operation on behalf of `owner`.
  void begin(Call owner) {
    call = owner;
    done = false;
    event = BusEvents.beginIfRecorded();
    cancelRequested = false;
    tied = null;
    isTied = false;
    request.userData = NOT_IN_FLIGHT;
  }
}
