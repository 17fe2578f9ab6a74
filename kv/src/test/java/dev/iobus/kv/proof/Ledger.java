package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.Store;
import dev.iobus.kv.proof.WriterModel.Match;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the writers of one directory have done so far, over all children and all crashes.
///
/// After a crash the keys of each writer must look as after some number of its operations, which
/// [Promise] bounds. That alone covers batches (whole or not at all), deletes (no deleted key
/// comes back), overwrites (no old value comes back) and values that nobody wrote. What is there
/// must also be a prefix of the order of all writers together: an operation that began after
/// another had been acknowledged is not there without it.
///
/// Confined to one thread.
final class Ledger {

  /// How much of what was acknowledged must have survived.
  enum Promise {
    /// Everything acknowledged, and of each writer at most the one operation on its way.
    ALL_ACKNOWLEDGED,
    /// Everything up to some moment after the last check, and nothing from after it.
    PREFIX
  }

  private final List<WriterModel> models = new ArrayList<>();

  Ledger() {
    for (int writer = 0; writer < Workload.WRITERS; writer++) {
      models.add(new WriterModel(writer));
    }
  }

  /// For each writer, how many operations have survived the last crash.
  long[] applied() {
    return models.stream().mapToLong(WriterModel::applied).toArray();
  }

  /// Reads the whole store after a crash and takes what is there as the new state.
  ///
  /// @param acknowledged what the child has acknowledged since the last check, in order
  /// @throws AssertionError when the promise was broken
  void check(Store store, long[] acknowledged, Promise promise) throws IOException {
    List<Map<String, Long>> found = new ArrayList<>();
    for (int writer = 0; writer < Workload.WRITERS; writer++) {
      found.add(new HashMap<>());
    }
    for (Map.Entry<String, byte[]> entry : Contents.read(store).entrySet()) {
      int writer = Workload.writerOf(entry.getKey());
      assertTrue(writer >= 0, () -> "nobody has written the key " + entry.getKey());
      found.get(writer).put(
          entry.getKey(), Workload.numberOf(entry.getKey(), entry.getValue()));
    }
    long[] before = applied();
    long[] last = applied();
    for (long acknowledgement : acknowledged) {
      int writer = Child.writer(acknowledgement);
      assertEquals(last[writer] + 1, Child.number(acknowledgement), "number acknowledged next");
      last[writer]++;
    }
    Match[] matches = new Match[Workload.WRITERS];
    for (int writer = 0; writer < Workload.WRITERS; writer++) {
      long least = promise == Promise.PREFIX ? before[writer] : last[writer];
      matches[writer] =
          models.get(writer).matchAndAdvance(found.get(writer), least, last[writer] + 1);
    }
    requireNoGapAcrossWriters(before, matches, acknowledged);
  }

  /// A writer's operation begins after its one before was acknowledged. So if it is there,
  /// everything that had been acknowledged up to then must be there as well.
  private static void requireNoGapAcrossWriters(
      long[] before, Match[] matches, long[] acknowledged) {
    int mustBeThere = 0;
    for (int i = 0; i < acknowledged.length; i++) {
      int writer = Child.writer(acknowledged[i]);
      boolean laterOneIsThere = matches[writer].first() > Child.number(acknowledged[i]);
      if (laterOneIsThere) {
        mustBeThere = i + 1;
      }
    }
    for (int i = 0; i < mustBeThere; i++) {
      int writer = Child.writer(acknowledged[i]);
      long number = Child.number(acknowledged[i]);
      if (number > matches[writer].last()) {
        throw new AssertionError(
            "operation " + number + " of writer " + writer + " is lost (it went from "
                + before[writer] + " to " + matches[writer] + "), but an operation that began"
                + " after its acknowledgement is there");
      }
    }
  }
}
