package dev.iobus.bench.quick;

import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.subject.Subject;
import java.util.SplittableRandom;

/// Overwrites a tenth of the keys with the values of other keys, deletes another tenth, and reads
/// every changed key back.
final class Changes implements Phase {

  private static final int SHARE = 10;

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    int[] order = shuffled(bed.model().input().count(), bed.settings().seed());
    int tenth = order.length / SHARE;
    result.add(overwrite(bed, order, tenth));
    result.add(delete(bed, order, tenth));
    Gets gets = new Gets(bed);
    bed.manyWorkers()
        .runAll(
            "read changes back",
            2L * tenth,
            (index, stopwatch) -> gets.inOrder(order[(int) index], stopwatch));
  }

  private static Run overwrite(Bed bed, int[] order, int tenth)
      throws Exception {
    Model model = bed.model();
    Subject subject = bed.subject();
    return bed.write(
        "overwrite a tenth",
        tenth,
        (index, stopwatch) -> {
          int target = order[(int) index];
          int source = order[order.length - 1 - (int) index];
          byte[] key = model.input().key(target);
          byte[] value = model.input().value(source);
          subject.put(key, value, bed.sync());
          stopwatch.stop();
          model.overwrite(target, source);
          return (long) key.length + value.length;
        });
  }

  private static Run delete(Bed bed, int[] order, int tenth)
      throws Exception {
    Model model = bed.model();
    Subject subject = bed.subject();
    return bed.write(
        "delete a tenth",
        tenth,
        (index, stopwatch) -> {
          int target = order[tenth + (int) index];
          byte[] key = model.input().key(target);
          subject.delete(key, bed.sync());
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
