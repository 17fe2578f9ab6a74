package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A thread of a test, which fails in [#join()] when its body has.
final class TestThread {

  @FunctionalInterface
  interface Body {
    void run() throws Exception;
  }

  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Thread thread;

  private TestThread(Thread.Builder builder, Body body) {
    thread =
        builder.start(
            () -> {
              try {
                body.run();
              } catch (Throwable e) {
                failure.set(e);
              }
            });
  }

  static TestThread startPlatform(Body body) {
    return new TestThread(Thread.ofPlatform(), body);
  }

  static TestThread startVirtual(Body body) {
    return new TestThread(Thread.ofVirtual(), body);
  }

  /// Returns when the thread waits for another, or has ended.
  void awaitWaiting() throws InterruptedException {
    while (thread.isAlive() && thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }

  void join() throws InterruptedException {
    thread.join();
    assertNull(failure.get());
  }

  /// Waits within a test, in any thread.
  static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
