package dev.iobus.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// One for each second, at most, in which a bus is asked for a thousand cancels.
@Name("dev.iobus.CancelStorm")
@Label("Cancel Storm")
@Category("iobus")
@Description("A bus was asked for a thousand cancels within a second")
@StackTrace(false)
final class CancelStorm extends Event {

  private static final CancelStorm PROBE = new CancelStorm();

  @Label("Cancels")
  int cancels;

  @Label("Span")
  @Timespan(Timespan.NANOSECONDS)
  long span;

  static boolean isRecorded() {
    return PROBE.isEnabled();
  }

  static void tell(int cancels, long spanNanos) {
    CancelStorm event = new CancelStorm();
    event.cancels = cancels;
    event.span = spanNanos;
    event.commit();
  }
}
