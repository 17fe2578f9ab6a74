package dev.iobus.bench.measure;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/// Tells on standard error what a long run is doing: one line that is rewritten on a terminal,
/// a line every few seconds elsewhere. Thread-safe.
public final class Progress {

  /// How progress is shown.
  public enum Style {
    /// One line, rewritten five times a second.
    TERMINAL(200),
    /// A line of its own every five seconds.
    LINES(5_000),
    /// Nothing.
    OFF(0);

    private final long intervalMillis;

    Style(long intervalMillis) {
      this.intervalMillis = intervalMillis;
    }
  }

  private static final String TERMINAL_PROPERTY = "bench.terminal";
  private static final String CLEAR_LINE = "\r\033[K";

  private final Style style;
  private final PrintStream out;

  public Progress(Style style, PrintStream out) {
    this.style = style;
    this.out = out;
  }

  /// Progress on standard error. The launcher says whether that is a terminal: Java can only ask
  /// about standard input and output.
  public static Progress standard(boolean wanted) {
    Style style =
        !wanted ? Style.OFF : Boolean.getBoolean(TERMINAL_PROPERTY) ? Style.TERMINAL : Style.LINES;
    return new Progress(style, System.err);
  }

  public static Progress none() {
    return new Progress(Style.OFF, System.err);
  }

  /// Says one thing, now.
  public void say(String message) {
    switch (style) {
      case OFF -> {}
      case TERMINAL -> out.print(CLEAR_LINE + message);
      case LINES -> out.println(message);
    }
    out.flush();
  }

  /// Shows `done` out of `total` until the returned phase is closed.
  ///
  /// @param total how many operations there will be; [Long#MAX_VALUE] when a time decides
  public Phase begin(String name, long total, LongSupplier done) {
    return new Phase(name, total, done);
  }

  /// One phase that is being shown.
  public final class Phase implements AutoCloseable {

    private final String name;
    private final long total;
    private final LongSupplier done;
    private final long startedAt = System.nanoTime();
    private final Thread ticker;

    private Phase(String name, long total, LongSupplier done) {
      this.name = name;
      this.total = total;
      this.done = done;
      this.ticker = Thread.ofPlatform().name("progress").daemon().unstarted(this::tick);
      if (style != Style.OFF) {
        say(name);
        ticker.start();
      }
    }

    private void tick() {
      try {
        while (true) {
          Thread.sleep(style.intervalMillis);
          say(line());
        }
      } catch (InterruptedException closed) {
        // The phase is over; the thread ends.
      }
    }

    private String line() {
      long count = done.getAsLong();
      double seconds = (System.nanoTime() - startedAt) / 1e9;
      String share =
          total == Long.MAX_VALUE ? "" : String.format(Locale.ROOT, " %3d %%", 100 * count / total);
      return String.format(
          Locale.ROOT, "%-22s%s %,12d operations %,12.0f/s", name, share, count, count / seconds);
    }

    @Override
    public void close() {
      ticker.interrupt();
      try {
        ticker.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (style == Style.TERMINAL) {
        say("");
      }
    }
  }
}
