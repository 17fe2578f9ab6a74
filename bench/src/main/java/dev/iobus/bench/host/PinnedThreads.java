package dev.iobus.bench.host;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import jdk.jfr.consumer.RecordingStream;

/// Counts how often a virtual thread could not leave its carrier (`jdk.VirtualThreadPinned`), from
/// [#start()] to [#stop()]. The JVM sees a thread that wants to park while native code or a monitor
/// holds it; a thread that blocks inside native code, as in a call through JNI, it does not see.
public final class PinnedThreads {

  private static final String EVENT = "jdk.VirtualThreadPinned";

  private final RecordingStream stream = new RecordingStream();
  private final AtomicLong count = new AtomicLong();

  private PinnedThreads() {}

  /// Begins to count. [#stop()] must follow.
  public static PinnedThreads start() {
    PinnedThreads pinned = new PinnedThreads();
    pinned.stream.enable(EVENT).withThreshold(Duration.ZERO).withoutStackTrace();
    pinned.stream.onEvent(EVENT, event -> pinned.count.incrementAndGet());
    pinned.stream.startAsync();
    return pinned;
  }

  /// Ends counting; the number of events.
  public long stop() {
    stream.stop();
    stream.close();
    return count.get();
  }
}
