package dev.iobus.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One for each receive that found no buffer.
@Name("dev.iobus.PoolExhaustion")
@Label("Pool Exhaustion")
@Category("iobus")
@Description("A receive ended because all buffers of its pool were in use")
@StackTrace(false)
final class PoolExhaustion extends Event {

  private static final PoolExhaustion PROBE = new PoolExhaustion();

  @Label("Operation")
  String operation = "";

  @Label("Target")
  String target = "";

  @Label("Buffers")
  int buffers;

  @Label("Buffer Size")
  @DataAmount
  int bufferSize;

  static boolean isRecorded() {
    return PROBE.isEnabled();
  }

  static void tell(String operation, String target, int buffers, int bufferBytes) {
    PoolExhaustion event = new PoolExhaustion();
    event.operation = operation;
    event.target = target;
    event.buffers = buffers;
    event.bufferSize = bufferBytes;
    event.commit();
  }
}
