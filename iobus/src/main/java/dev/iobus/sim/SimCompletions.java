package dev.iobus.sim;

import dev.iobus.backend.CompletionSink;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The completions of one ring, and the task that waits for them.
///
/// Confined to the holder of the baton, but for [#wakeup()].
final class SimCompletions {

  private record Completion(long userData, int result, int flags) {}

  private final Baton baton;
  private final SimNetwork network;
  private final ArrayDeque<Completion> completions = new ArrayDeque<>();
  private @Nullable SimTask waiter;
  private int wanted;
  private boolean woken;

  /// What other busses wait for this one by, once somebody has asked.
  private @Nullable SimBusFile file;

  private boolean noticed;

  SimCompletions(Baton baton, SimNetwork network) {
    this.baton = baton;
    this.network = network;
  }

  /// How many nobody has taken.
  int size() {
    return completions.size();
  }

  void add(long userData, int result, int flags) {
    completions.add(new Completion(userData, result, flags));
    if (waiter != null && completions.size() >= wanted) {
      baton.wake(waiter);
    }
    tellFile();
  }

  /// As [dev.iobus.backend.Backend#await].
  int await(int minimum, long timeoutNanos, CompletionSink sink) {
    baton.switchPoint();
    long now = baton.nowNanos();
    long deadline = timeoutNanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + timeoutNanos;
    while (completions.size() < minimum && !woken && baton.nowNanos() < deadline) {
      waiter = baton.self();
      wanted = minimum;
      try {
        baton.block("completions", deadline);
      } finally {
        waiter = null;
      }
    }
    woken = false;
    return drain(sink);
  }

  /// As [dev.iobus.backend.Backend#drain].
  int drain(CompletionSink sink) {
    noticed = false;
    int passed = 0;
    for (int i = completions.size(); i > 0; i--) {
      Completion completion = completions.remove();
      sink.complete(completion.userData, completion.result, completion.flags);
      passed++;
    }
    return passed;
  }

  /// As [dev.iobus.backend.Backend#wakeup].
  void wakeup() {
    if (baton.isTask()) {
      wakeWaiter();
    } else {
      baton.foreign(this::wakeWaiter);
    }
  }

  private void wakeWaiter() {
    woken = true;
    if (waiter != null) {
      baton.wake(waiter);
    }
    tellFile();
  }

  // For other busses.

  /// The ring as a file, which is readable once from now.
  SimBusFile file() {
    SimBusFile present = file;
    if (present == null) {
      present = new SimBusFile(this);
      file = present;
    }
    notice();
    return present;
  }

  /// Makes the file readable until completions are taken.
  void notice() {
    noticed = true;
    tellFile();
  }

  boolean isReadable() {
    return noticed || woken || !completions.isEmpty();
  }

  private void tellFile() {
    if (file != null) {
      network.changed(file);
    }
  }
}
