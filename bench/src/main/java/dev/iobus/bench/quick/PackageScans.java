package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.subject.Subject.Direction;
import dev.iobus.bench.subject.Subject.EntryVisitor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Walks over every package, forward, then every package backward, and one entry further, and
/// compares keys, values and their number. An operation is one whole walk.
final class PackageScans implements Phase {

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    List<byte[]> prefixes = prefixes(bed.model().input());
    for (Direction direction : Direction.values()) {
      String name =
          switch (direction) {
            case FORWARD -> "package scans";
            case BACKWARD -> "package scans, backward";
          };
      result.add(
          bed.measure(
              name,
              () ->
                  bed.oneWorker()
                      .runAll(
                          name,
                          prefixes.size(),
                          (index, stopwatch) ->
                              scan(bed, prefixes.get((int) index), direction, stopwatch))));
    }
  }

  /// Every folder of the input, the final slash included.
  private static List<byte[]> prefixes(JdkClasses input) {
    TreeSet<String> names = new TreeSet<>();
    for (int i = 0; i < input.count(); i++) {
      String name = input.name(i);
      names.add(name.substring(0, name.lastIndexOf('/') + 1));
    }
    List<byte[]> prefixes = new ArrayList<>(names.size());
    for (String name : names) {
      prefixes.add(name.getBytes(StandardCharsets.UTF_8));
    }
    return prefixes;
  }

  private static long scan(Bed bed, byte[] prefix, Direction direction, Stopwatch stopwatch)
      throws Exception {
    Model model = bed.model();
    byte[] upper = successor(prefix);
    int begin = model.input().lowerBound(prefix);
    int end = model.input().lowerBound(upper);
    ScanCheck check = new ScanCheck(model, begin, end, direction);
    byte[] from = direction == Direction.FORWARD ? prefix : upper;
    bed.subject().scan(from, direction, check.expectedCount() + 1, check);
    stopwatch.stop();
    check.end();
    return check.bytes();
  }

  /// The least key that is above every key with this prefix, which ends in a slash. No class file
  /// has such a name.
  private static byte[] successor(byte[] prefix) {
    byte[] next = prefix.clone();
    next[next.length - 1]++;
    return next;
  }

  /// Compares what a walk meets with the live entries of a part of the input.
  private static final class ScanCheck implements EntryVisitor {

    private final Model model;
    private final int begin;
    private final int end;
    private final int step;
    private int due;
    private long bytes;

    private ScanCheck(Model model, int begin, int end, Direction direction) {
      this.model = model;
      this.begin = begin;
      this.end = end;
      this.step = direction == Direction.FORWARD ? 1 : -1;
      this.due = live(step > 0 ? begin : end - 1);
    }

    private int live(int index) {
      return step > 0 ? model.nextLive(index) : model.previousLive(index);
    }

    private boolean isInside(int index) {
      return index >= begin && index < end;
    }

    private long expectedCount() {
      long count = 0;
      for (int i = due; isInside(i); i = live(i + step)) {
        count++;
      }
      return count;
    }

    @Override
    public void visit(byte[] key, byte[] value) throws MismatchException {
      if (isInside(due)) {
        bytes += Scans.check(model, due, key, value);
        due = live(due + step);
      } else {
        Scans.checkOutside(model, begin, end, key);
      }
    }

    private void end() throws MismatchException {
      Scans.checkEnd(model, due, isInside(due));
    }

    private long bytes() {
      return bytes;
    }
  }
}
