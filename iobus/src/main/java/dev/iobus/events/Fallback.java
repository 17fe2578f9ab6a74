package dev.iobus.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One for each line of `fallbacks()` of a bus that is opened, and for each refused buffer.
@Name("dev.iobus.Fallback")
@Label("Fallback")
@Category("iobus")
@Description("Something that a bus does another way than on the best host, and why")
@StackTrace(false)
final class Fallback extends Event {

  private static final Fallback PROBE = new Fallback();

  @Label("Backend")
  String backend = "";

  @Label("What")
  String what = "";

  static boolean isRecorded() {
    return PROBE.isEnabled();
  }

  static void tell(String backend, String what) {
    Fallback event = new Fallback();
    event.backend = backend;
    event.what = what;
    event.commit();
  }
}
