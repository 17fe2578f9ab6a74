package dev.iobus;

import org.jspecify.annotations.Nullable;

/// What few operations have beside what all have. It stands apart from its [Handle], so that the
/// handles that are in use lie close together; a plain operation has nothing here but a name.
///
/// Confined to the bus thread.
final class Extras {

  // Set when prepared.
  /// What is operated on, where that is no file.
  String target = "";
  /// Whether it runs alone: after all before it, and before all after it.
  boolean drains;
  /// Whose memory it uses, also where the host has not registered that.
  @Nullable RegisteredBuffer buffer;
  /// Whether it is counted there as in flight.
  boolean holdsBuffer;
  @Nullable BufferPool pool;
  /// When it is cancelled, or when a timeout ends, on the scheduler's clock; for what is behind
  /// others in its run, not before that. Meaningful while [Handle#isBounded()], and for a timeout that
  /// ends at a point of time.
  long deadline;

  // Set while in flight and after it.
  /// What is told to the flight recorder if it was slow; null unless that records.
  @Nullable Object event;
  /// The bytes of a full transfer so far.
  long transferred;
  boolean cancelRequested;
  /// Whether nobody sees a result: a cancel among many.
  boolean silent;
  /// Whether it waits behind a barrier and the backend does not have it yet.
  boolean held;
  /// Whether its run waits with a close until a file is not looked up any more.
  boolean waits;
  /// Whether the backend may still look its file up.
  boolean late;
  /// Whether it is behind another in its run.
  boolean behind;
  /// Of a chain: what it is tied to, and whether that or one before it has failed.
  @Nullable Handle next;
  boolean cut;
  /// Whether its deadline runs while the backend does not have it.
  boolean timedHere;
  /// Whether other busses are kept from closing its file.
  boolean retained;
  /// Of an INBOX: what the dispatched result has brought.
  long message;
  /// Where the dispatched result begins in a buffer that is filled piece by piece.
  int bufferStart;
  /// What the dispatched result has brought and the caller has taken.
  @Nullable BusFile opened;
  @Nullable PoolBuffer taken;
  private @Nullable Transfer transfer;

  /// The progress of a full transfer; kept and used again.
  Transfer transfer() {
    Transfer present = transfer;
    if (present == null) {
      present = new Transfer();
      transfer = present;
    }
    return present;
  }

  /// Makes it as new, but for the memory of a transfer.
  void reset() {
    target = "";
    drains = false;
    buffer = null;
    holdsBuffer = false;
    pool = null;
    deadline = 0;
    event = null;
    transferred = 0;
    cancelRequested = false;
    silent = false;
    held = false;
    waits = false;
    late = false;
    behind = false;
    next = null;
    cut = false;
    timedHere = false;
    retained = false;
    opened = null;
    taken = null;
  }
}
