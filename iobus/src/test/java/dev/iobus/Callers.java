package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Threads that call a bus side by side, and the first thing that went wrong in one of them.
///
/// Confined to the thread of the test.
public final class Callers {

  private static final long LIMIT_MILLIS = 50_000;

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /// What a caller does; whatever it throws is a failure.
  public interface Body {
    void run() throws Exception;
  }

  public void start(Thread.Builder kind, Body body) {
    threads.add(
        kind.start(
            () -> {
              try {
                body.run();
              } catch (Throwable t) {
                failure.compareAndSet(null, t);
              }
            }));
  }

  public boolean hasFailed() {
    return failure.get() != null;
  }

  public void startVirtual(Body body) {
    start(Thread.ofVirtual(), body);
  }

  public void startPlatform(Body body) {
    start(Thread.ofPlatform(), body);
  }

  /// Interrupts all of them again and again until the last has ended.
  public void interruptUntilTheyEnd() throws InterruptedException {
    while (threads.stream().anyMatch(Thread::isAlive)) {
      threads.forEach(Thread::interrupt);
      Thread.sleep(0, 100_000);
    }
  }

  /// Waits for all that were started, none of which may have failed.
  public void await() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join(LIMIT_MILLIS);
      assertFalse(thread.isAlive(), () -> thread + " does not end");
    }
    threads.clear();
    Throwable first = failure.get();
    assertNull(first, () -> "a caller failed: " + first);
  }
}
