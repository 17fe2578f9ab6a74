package dev.iobus.events;

/// Finds storms of cancels, while such are recorded. Confined to the bus thread.
public final class CancelMeter {

  /// Cancels within a second that are a storm.
  static final int STORM = 1000;

  private static final long SPAN_NANOS = 1_000_000_000;

  private long since;
  private int count;

  /// Counts one more.
  public void cancelled() {
    if (!BusEvents.recordsCancelStorms()) {
      return;
    }
    long now = System.nanoTime();
    if (count == 0 || now - since > SPAN_NANOS) {
      since = now;
      count = 0;
    }
    if (++count == STORM) {
      CancelStorm.tell(count, now - since);
    }
  }
}
