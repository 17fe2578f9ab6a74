package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Report;
import dev.iobus.bench.measure.Row;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Walks over every package, forward, then every package backward, with a cursor bounded to it,
/// and compares keys, values and their number. An operation is one whole scan.
final class PackageScans implements Phase {

  @Override
  public void run(Bed bed, Report report) throws Exception {
    List<byte[]> prefixes = prefixes(bed.model().input());
    Store store = bed.store();
    Model model = bed.model();
    String forward = "package scans";
    report.add(
        Row.of(
            forward,
            bed.oneWorker()
                .runAll(
                    forward,
                    prefixes.size(),
                    (index, stopwatch) ->
                        forward(store, model, prefixes.get((int) index), stopwatch))));
    String backward = "package scans, backward";
    report.add(
        Row.of(
            backward,
            bed.oneWorker()
                .runAll(
                    backward,
                    prefixes.size(),
                    (index, stopwatch) ->
                        backward(store, model, prefixes.get((int) index), stopwatch))));
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

  private static long forward(Store store, Model model, byte[] prefix, Stopwatch stopwatch)
      throws IOException, MismatchException {
    byte[] upper = successor(prefix);
    int end = model.input().lowerBound(upper);
    long bytes = 0;
    try (Cursor cursor = store.cursor(prefix, upper)) {
      int index = model.nextLive(model.input().lowerBound(prefix));
      for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
        bytes += Scans.check(model, index, index < end, cursor);
        index = model.nextLive(index + 1);
      }
      Scans.checkEnd(model, index, index < end);
    }
    stopwatch.stop();
    return bytes;
  }

  private static long backward(Store store, Model model, byte[] prefix, Stopwatch stopwatch)
      throws IOException, MismatchException {
    byte[] upper = successor(prefix);
    int begin = model.input().lowerBound(prefix);
    long bytes = 0;
    try (Cursor cursor = store.cursor(prefix, upper)) {
      int index = model.previousLive(model.input().lowerBound(upper) - 1);
      for (boolean more = cursor.seekToLast(); more; more = cursor.previous()) {
        bytes += Scans.check(model, index, index >= begin, cursor);
        index = model.previousLive(index - 1);
      }
      Scans.checkEnd(model, index, index >= begin);
    }
    stopwatch.stop();
    return bytes;
  }

  /// The least key that is above every key with this prefix, which ends in a slash.
  private static byte[] successor(byte[] prefix) {
    byte[] next = prefix.clone();
    next[next.length - 1]++;
    return next;
  }
}
