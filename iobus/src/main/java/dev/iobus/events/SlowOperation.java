package dev.iobus.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/// One for each operation while they are recorded; only slow ones are told.
@Name("dev.iobus.SlowOperation")
@Label("Slow Operation")
@Category("iobus")
@Description("An operation of a bus that took as long as the threshold, from enqueue to its result")
@Threshold("10 ms")
@StackTrace(false)
final class SlowOperation extends Event {

  private static final SlowOperation PROBE = new SlowOperation();

  @Label("Backend")
  String backend = "";

  @Label("Operation")
  String operation = "";

  @Label("Target")
  String target = "";

  @Label("Offset")
  @Description("Position in the file, of the last request where there were several")
  long offset;

  @Label("Result")
  @Description("Bytes, a descriptor or 0; or a negated error number")
  long result;

  static boolean isRecorded() {
    return PROBE.isEnabled();
  }

  static SlowOperation begun() {
    SlowOperation event = new SlowOperation();
    event.begin();
    return event;
  }

  void tell(String onBackend, String what, String of, long at, long became) {
    if (shouldCommit()) {
      backend = onBackend;
      operation = what;
      target = of;
      offset = at;
      result = became;
      commit();
    }
  }
}
