package dev.iobus.storage.page;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A log that remembers up to where it was asked to be durable.
final class TestLog implements DurableLog {

  final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  final AtomicInteger calls = new AtomicInteger();
  volatile CountDownLatch gate = new CountDownLatch(0);
  volatile long durable;

  @Override
  public void awaitDurable(long lsn) throws IOException {
    calls.incrementAndGet();
    TestThread.await(gate);
    IOException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    durable = Math.max(durable, lsn);
  }
}
