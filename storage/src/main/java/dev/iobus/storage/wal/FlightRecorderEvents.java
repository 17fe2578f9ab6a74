package dev.iobus.storage.wal;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// The log's events for JDK Flight Recorder. Loaded only where its module is there.
@SuppressWarnings("UnusedVariable") // Flight Recorder reads the fields.
final class FlightRecorderEvents {

  private FlightRecorderEvents() {}

  static void opened(String log, AppendPrimitive primitive, WalTail tail) {
    Opened event = new Opened();
    if (event.isEnabled()) {
      event.log = log;
      event.primitive = primitive.description();
      AppendPrimitive.Trial trial = primitive.chosen();
      if (trial != null) {
        event.dsyncWrite = trial.dsyncNanos();
        event.writeAndDataSync = trial.syncNanos();
        event.linked = trial.linkedNanos();
      }
      event.lsn = tail.at();
      event.torn = tail instanceof WalTail.Torn;
      event.commit();
    }
  }

  static void written(Flight flight) {
    Written event = new Written();
    if (event.isEnabled()) {
      event.bytes = flight.bytes();
      event.time = flight.deviceNanos;
      event.synced = flight.sync;
      event.overlapped = flight.accompanied;
      event.commit();
    }
  }

  static void slow(String log, long bytes, long nanos) {
    Slow event = new Slow();
    event.log = log;
    event.bytes = bytes;
    event.time = nanos;
    event.commit();
  }

  static void segmentLate(String log) {
    SegmentLate event = new SegmentLate();
    event.log = log;
    event.commit();
  }

  static void failed(String log, Throwable cause) {
    Failed event = new Failed();
    event.log = log;
    event.cause = cause.toString();
    event.commit();
  }

  @Name("dev.iobus.LogOpened")
  @Label("Log Opened")
  @Category({"iobus", "Log"})
  @Description("How appends become durable in this directory, and how the log had ended")
  @StackTrace(false)
  private static final class Opened extends Event {
    @Label("Log") String log = "";

    @Label("Primitive") String primitive = "";

    @Timespan @Label("DSYNC Write") long dsyncWrite;

    @Timespan @Label("Write and fdatasync") long writeAndDataSync;

    @Timespan @Label("Write and fdatasync, Linked") long linked;

    @Label("LSN") long lsn;

    @Label("Torn") boolean torn;
  }

  @Name("dev.iobus.LogGroup")
  @Label("Log Group")
  @Category({"iobus", "Log"})
  @Description("A group of records was written")
  @Enabled(false)
  @StackTrace(false)
  private static final class Written extends Event {
    @DataAmount @Label("Bytes") long bytes;

    @Timespan @Label("Device Time") long time;

    @Label("Synced") boolean synced;

    @Label("Overlapped") boolean overlapped;
  }

  @Name("dev.iobus.LogSlowWrite")
  @Label("Log Slow Write")
  @Category({"iobus", "Log"})
  @Description("A write of the log is in flight for longer than 500 ms, and goes on")
  @StackTrace(false)
  private static final class Slow extends Event {
    @Label("Log") String log = "";

    @DataAmount @Label("Bytes") long bytes;

    @Timespan @Label("In Flight For") long time;
  }

  @Name("dev.iobus.LogSegmentLate")
  @Label("Log Segment Late")
  @Category({"iobus", "Log"})
  @Description("Writers wait because the next segment was not prepared in time")
  @StackTrace(false)
  private static final class SegmentLate extends Event {
    @Label("Log") String log = "";
  }

  @Name("dev.iobus.LogFailed")
  @Label("Log Failed")
  @Category({"iobus", "Log"})
  @Description("A write or sync failed; nothing is acknowledged any more")
  @StackTrace(false)
  private static final class Failed extends Event {
    @Label("Log") String log = "";

    @Label("Cause") String cause = "";
  }
}
