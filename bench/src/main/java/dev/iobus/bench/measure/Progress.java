package dev.iobus.bench.measure;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Tells on standard error what a long run is doing: a bar on a terminal, a line every few seconds
/// elsewhere, both with the time that is left. Thread-safe.
public final class Progress {

  /// How progress is shown.
  public enum Style {
    /// A bar, drawn five times a second.
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
  private static final int BAR_WIDTH = 100;
  private static final long UNKNOWN_TOTAL = -1;

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
      case TERMINAL, LINES -> out.println(message);
    }
    out.flush();
  }

  /// Shows `done` out of `total` until the returned phase is closed.
  ///
  /// @param total how many operations there will be; [Long#MAX_VALUE] when a time decides
  public Phase begin(String name, long total, LongSupplier done) {
    return new Phase(name, total, done);
  }

  /// One phase that is being shown. Thread-safe.
  public final class Phase implements AutoCloseable {

    private final String name;
    private final long total;
    private final LongSupplier done;
    private final long startedAt = System.nanoTime();
    private final Thread ticker;
    private final @Nullable ProgressBar bar;
    private volatile String detail = "";

    private Phase(String name, long total, LongSupplier done) {
      this.name = name;
      this.total = total;
      this.done = done;
      this.ticker = Thread.ofPlatform().name("progress").daemon().unstarted(this::tick);
      this.bar = style == Style.TERMINAL ? bar() : null;
      if (style == Style.LINES) {
        say(name);
      }
      if (style != Style.OFF) {
        ticker.start();
      }
    }

    private ProgressBar bar() {
      boolean plain = System.getenv("NO_COLOR") != null;
      return new ProgressBarBuilder()
          .setTaskName(name)
          .setInitialMax(total == Long.MAX_VALUE ? UNKNOWN_TOTAL : total)
          .setStyle(plain ? ProgressBarStyle.ASCII : ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
          .setUpdateIntervalMillis((int) style.intervalMillis)
          .setConsumer(new ConsoleProgressBarConsumer(out, BAR_WIDTH))
          .showSpeed()
          .build();
    }

    /// Tells which part of the phase is being done.
    public void tell(String part) {
      detail = part;
      if (bar != null) {
        bar.setExtraMessage(part);
      }
    }

    private void tick() {
      try {
        while (true) {
          Thread.sleep(style.intervalMillis);
          if (bar != null) {
            bar.stepTo(done.getAsLong());
          } else {
            say(line());
          }
        }
      } catch (InterruptedException closed) {
        // The phase is over; the thread ends.
      }
    }

    /// For a file or a pipe: how far it is, how fast it goes, and when it will be over.
    private String line() {
      long count = done.getAsLong();
      double seconds = (System.nanoTime() - startedAt) / 1e9;
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-22s", name));
      if (total != Long.MAX_VALUE) {
        line.append(String.format(Locale.ROOT, " %3d %%", 100 * count / total));
        if (count > 0) {
          long left = Math.round(seconds * (total - count) / count);
          line.append(String.format(Locale.ROOT, ", %d:%02d left", left / 60, left % 60));
        }
      }
      line.append(
          String.format(Locale.ROOT, ", %,d done, %,.1f/s %s", count, count / seconds, detail));
      return line.toString();
    }

    @Override
    public void close() {
      ticker.interrupt();
      try {
        ticker.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (bar != null) {
        bar.stepTo(done.getAsLong());
        bar.close();
      }
    }
  }
}
