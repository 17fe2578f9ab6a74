package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusFile;
import dev.iobus.Handle;
import dev.iobus.Result;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One operation in flight, and what its results may be.
///
/// Confined to the bus thread.
final class Expected {

  private static final int ECANCELED = 125;
  private static final int ETIME = 62;

  /// What is checked of a result that is no failure.
  interface Check {
    void success(Result result) throws IOException;
  }

  /// What is done when the last result was a failure.
  interface Failure {
    void ended(int errno);
  }

  private final String what;
  private final Check check;
  private final Failure failure;

  /// The one before it in its chain.
  private @Nullable Expected previous;

  private @Nullable BusFile file;
  private @Nullable Handle handle;
  private boolean cancelAsked;
  private boolean timed;
  private boolean repeats;
  private boolean keepsMemory;
  private boolean ended;

  /// Whether it failed or was short, so that its chain had to be cut.
  private boolean cuts;

  private boolean cancelled;

  Expected(String what, Check check, Failure failure) {
    this.what = what;
    this.check = check;
    this.failure = failure;
  }

  Expected on(BusFile worksOn) {
    file = worksOn;
    return this;
  }

  Expected behind(Expected inChain) {
    previous = inChain;
    return this;
  }

  /// It will be short, which cuts a chain as a failure does.
  void cuts() {
    cuts = true;
  }

  /// It has results until it is cancelled, so that no barrier waits for it.
  Expected repeats() {
    repeats = true;
    return this;
  }

  /// A failure, too, may be followed by a notification that the memory is free.
  Expected keepsMemory() {
    keepsMemory = true;
    return this;
  }

  void timed() {
    timed = true;
  }

  void cancelAsked() {
    cancelAsked = true;
  }

  Handle of(Handle operation) {
    handle = operation;
    return operation.attach(this);
  }

  boolean hasEnded() {
    return ended;
  }

  boolean isOn(BusFile other) {
    return other.equals(file);
  }

  boolean isCancellable() {
    return !ended && !cancelAsked && !isCancel();
  }

  /// Whether what stands behind a barrier waits for it.
  boolean isWaitedFor() {
    return !ended && !repeats && !isCancel();
  }

  private boolean isCancel() {
    return handle != null && handle.operation().equals("cancel");
  }

  /// Its operation, which is in flight.
  Handle inFlight() {
    assertFalse(ended, what);
    return Objects.requireNonNull(handle);
  }

  /// Takes one result.
  void take(Result result) throws IOException {
    assertFalse(ended, () -> "a result after the last: " + what);
    ended = !result.hasMore();
    if (!result.isFailure()) {
      check.success(result);
      return;
    }
    int errno = result.errno();
    assertTrue(ended || keepsMemory, () -> what + " failed with " + errno + " and goes on");
    cancelled = errno == ECANCELED;
    cuts = true;
    if (errno == ETIME) {
      assertTrue(timed, () -> what + " timed out and had no deadline");
    }
    if (ended) {
      failure.ended(errno);
    }
  }

  /// When all have ended: whether it was cancelled for a reason, and cut where it had to be.
  void checkCut() {
    assertTrue(ended, () -> "no result: " + what);
    Expected before = previous;
    boolean cut = before != null && before.cuts;
    if (cut) {
      assertTrue(cancelled, () -> what + " ran behind " + before);
    }
    if (cancelled) {
      assertTrue(cut || cancelAsked, () -> what + " was cancelled without a reason");
    }
  }

  @Override
  public String toString() {
    return what;
  }
}
