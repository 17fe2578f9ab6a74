package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Report;
import dev.iobus.bench.measure.Row;
import dev.iobus.kv.Store;
import java.util.SplittableRandom;

/// Overwrites a tenth of the keys with the values of other keys, deletes another tenth, and reads
/// every changed key back.
final class Changes implements Phase {

  private static final int SHARE = 10;

  @Override
  public void run(Bed bed, Report report) throws Exception {
    int[] order = shuffled(bed.model().input().count(), bed.settings().seed());
    int tenth = order.length / SHARE;
    report.add(overwrite(bed, order, tenth));
    report.add(delete(bed, order, tenth));
    Gets gets = new Gets(bed);
    bed.manyWorkers()
        .runAll(
            "read changes back",
            2L * tenth,
            (index, stopwatch) -> gets.inOrder(order[(int) index], stopwatch));
  }

  private static Row overwrite(Bed bed, int[] order, int tenth)
      throws Exception {
    Model model = bed.model();
    Store store = bed.store();
    return bed.write(
        "overwrite a tenth",
        tenth,
        (index, stopwatch) -> {
          int target = order[(int) index];
          int source = order[order.length - 1 - (int) index];
          byte[] key = model.input().key(target);
          byte[] value = model.input().value(source);
          store.put(key, value);
          stopwatch.stop();
          model.overwrite(target, source);
          return key.length + value.length;
        });
  }

  private static Row delete(Bed bed, int[] order, int tenth)
      throws Exception {
    Model model = bed.model();
    Store store = bed.store();
    return bed.write(
        "delete a tenth",
        tenth,
        (index, stopwatch) -> {
          int target = order[tenth + (int) index];
          byte[] key = model.input().key(target);
          store.delete(key);
          stopwatch.stop();
          model.delete(target);
          return key.length;
        });
  }

  private static int[] shuffled(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
