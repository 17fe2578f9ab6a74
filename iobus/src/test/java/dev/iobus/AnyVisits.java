package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Operations on a bus of 16 handles that a visitor ends, has done again or keeps as a seed decides,
/// some of them in a dispatch of its own or of a sink, with a count of what must be in flight.
final class AnyVisits implements ResultVisitor {

  private static final long SECOND = 1_000_000_000L;
  static final int CAPACITY = 16;

  private static final List<Then> ALL = List.of(Then.values());

  /// Bytes of a read.
  static final long LENGTH = 16;

  private final Bus bus;
  private final OpenFile file;
  private final Random random;

  /// Memory of reads that nobody uses.
  private final List<MemorySegment> free = new ArrayList<>();

  private final List<Result> kept = new ArrayList<>();
  private int started;
  private int seen;
  private int depth;
  private boolean ends;

  AnyVisits(Bus bus, OpenFile file, MemorySegment into, long seed) {
    this.bus = bus;
    this.file = file;
    random = new Random(seed);
    for (int i = 0; i < CAPACITY; i++) {
      free.add(into.asSlice(i * LENGTH, LENGTH));
    }
  }

  /// Results that were seen so far.
  int seen() {
    return seen;
  }

  private int open() {
    return started - seen;
  }

  /// Enqueues some, ends some of what was kept, and dispatches.
  void step() throws IOException {
    for (int i = random.nextInt(CAPACITY - open() - kept.size() + 1); i > 0; i--) {
      MemorySegment into = free.removeLast();
      Handle handle = random.nextBoolean() ? bus.nop() : bus.read(file, into, random.nextInt(4096));
      handle.attach(into);
      if (random.nextInt(8) == 0) {
        handle.callback(Result::handle);
      }
      bus.enqueue(handle);
      started++;
    }
    while (!kept.isEmpty() && random.nextBoolean()) {
      endKept();
    }
    dispatch();
    assertTrue(bus.inFlight() >= 0);
    assertTrue(bus.inFlight() <= open());
  }

  private void endKept() throws IOException {
    Result result = kept.remove(random.nextInt(kept.size()));
    if (!ends && random.nextBoolean()) {
      bus.rearm(result);
      started++;
    } else {
      done(result);
    }
  }

  private void done(Result result) {
    free.add((MemorySegment) requireNonNull(result.attachment()));
    bus.done(result);
  }

  private void dispatch() throws IOException {
    int minimum = open() > 0 ? random.nextInt(2) : 0;
    int maximum = 1 + random.nextInt(CAPACITY);
    int passed;
    if (random.nextInt(4) == 0) {
      passed =
          bus.dispatch(
              minimum,
              maximum,
              20 * SECOND,
              result -> {
                seen++;
                done(result);
              });
    } else {
      passed = bus.dispatch(minimum, maximum, 20 * SECOND, this);
    }
    assertTrue(passed <= maximum);
  }

  @Override
  public Then visit(Result result, int outcome) {
    seen++;
    assertEquals(result.handle().operation().equals("nop") ? 0 : LENGTH, outcome);
    Then then = ends ? Then.DONE : ALL.get(random.nextInt(ALL.size()));
    if (depth < 2 && random.nextInt(16) == 0) {
      depth++;
      try {
        dispatch();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      depth--;
    }
    if (then == Then.KEEP) {
      kept.add(result);
    } else if (then == Then.REARM) {
      started++;
    } else {
      free.add((MemorySegment) requireNonNull(result.attachment()));
    }
    return then;
  }

  /// Lets everything end.
  void end() throws IOException {
    ends = true;
    while (open() > 0) {
      bus.dispatch(1, CAPACITY, 20 * SECOND, this);
    }
    while (!kept.isEmpty()) {
      endKept();
    }
    assertEquals(0, bus.inFlight());
  }
}
