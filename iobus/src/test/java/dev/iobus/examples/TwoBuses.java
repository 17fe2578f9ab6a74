package dev.iobus.examples;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.Readiness;
import dev.iobus.Result;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongConsumer;

/// A bus that waits on another: `TwoBuses FILE` counts the lines of a file while a clock ticks.
///
/// The counter stands for a library that has a bus of its own and knows no event loop. The program
/// around it has a bus, too, and other things to do. It polls the counter's bus as it would poll a
/// socket, and lets the counter work whenever that has results. Neither knows what the other has
/// in flight, and one thread serves both.
///
/// Needs a backend whose busses can be waited for, which io_uring is.
public final class TwoBuses {

  private TwoBuses() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: TwoBuses FILE");
      System.exit(2);
    }
    long lines =
        count(
            Path.of(args[0]),
            BusOptions.defaults(),
            soFar -> System.out.println(soFar + " lines so far"));
    System.out.println(lines + " lines");
  }

  /// Returns the lines of a file.
  ///
  /// @param ticks is told the lines so far, at the start and every 100 ms
  static long count(Path path, BusOptions options, LongConsumer ticks) throws IOException {
    try (Bus outer = Bus.open(options.withCapacity(8));
        LineCounter counter = new LineCounter(path, options)) {
      outer.enqueue(outer.timeout(Duration.ZERO));
      // One that tells again and again: nothing is missed between two looks.
      Handle poll = outer.pollMany(counter.busFile(), Readiness.READABLE);
      outer.enqueue(poll);
      while (!counter.isDone()) {
        Result result = outer.dispatch();
        if (result.handle().equals(poll)) {
          result.endPoll();
          boolean more = result.hasMore();
          outer.done(result);
          if (!more) {
            poll = outer.pollMany(counter.busFile(), Readiness.READABLE);
            outer.enqueue(poll);
          }
          counter.work();
        } else {
          result.endTimeout();
          outer.done(result);
          ticks.accept(counter.lines());
          outer.enqueue(outer.timeout(Duration.ofMillis(100)));
        }
      }
      return counter.lines();
    }
  }

  /// Counts lines on a bus of its own, a step each time it is asked to. Never waits.
  private static final class LineCounter implements AutoCloseable {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(64 << 10, 4096);
    private final Bus bus;
    private boolean done;
    private long offset;
    private long lines;

    LineCounter(Path path, BusOptions options) throws IOException {
      bus = Bus.open(options.withCapacity(8));
      bus.submit(bus.open(path));
    }

    OpenFile busFile() throws IOException {
      return bus.busFile();
    }

    boolean isDone() {
      return done;
    }

    long lines() {
      return lines;
    }

    /// Takes all results that are there, and submits what follows from them.
    void work() throws IOException {
      Result result = bus.dispatch(0);
      while (result != null) {
        Handle handle = result.handle();
        if (handle.attachment() instanceof OpenFile file) {
          int length = result.endRead();
          bus.done(result);
          taken(file, length);
        } else if (handle.operation().equals("open")) {
          OpenFile file = result.endOpen();
          bus.done(result);
          bus.enqueue(bus.read(file, block, 0).attach(file));
        } else {
          result.endClose();
          bus.done(result);
          done = true;
        }
        result = bus.dispatch(0); // Submits, too.
      }
    }

    private void taken(OpenFile file, int length) throws IOException {
      if (length < 0) {
        bus.enqueue(bus.close(file));
        return;
      }
      for (int i = 0; i < length; i++) {
        lines += block.get(ValueLayout.JAVA_BYTE, i) == '\n' ? 1 : 0;
      }
      offset += length;
      bus.enqueue(bus.read(file, block, offset).attach(file));
    }

    @Override
    public void close() {
      bus.close();
      arena.close();
    }
  }
}
