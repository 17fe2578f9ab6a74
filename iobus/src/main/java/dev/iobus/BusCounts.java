package dev.iobus;

import dev.iobus.backend.Op;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What one bus counts above its backend.
///
/// What each operation is counted by has one writer at a time, whoever submits, and costs a plain
/// addition, which others see when a submission has ended. What is rare may be counted by all
/// threads at once.
final class BusCounts {

  private static final Op[] OPS = Op.values();

  /// Sizes of submissions by their leading zeros, the last one for none.
  private static final int SIZES = Integer.SIZE + 1;

  // Written by whoever submits.
  private final long[] requests = new long[OPS.length];
  private final long[] submissions = new long[SIZES];

  // Written by any thread.
  private final LongAdder shortTransfers = new LongAdder();
  private final LongAdder cancels = new LongAdder();
  private final LongAdder poolExhaustions = new LongAdder();

  /// A request was prepared for the next submission.
  void prepared(Op op) {
    prepared(op, 1);
  }

  /// So many requests of one kind were.
  void prepared(Op op, int count) {
    requests[place(op)] += count;
  }

  /// A submission of so many requests; 0 is none.
  void submitted(int count) {
    submissions[Integer.numberOfLeadingZeros(count)]++;
  }

  @SuppressWarnings("EnumOrdinal") // Never leaves this object.
  private static int place(Op op) {
    return op.ordinal();
  }

  void cameShort() {
    shortTransfers.increment();
  }

  void cancelled() {
    cancels.increment();
  }

  void poolExhausted() {
    poolExhaustions.increment();
  }

  long shortTransfers() {
    return shortTransfers.sum();
  }

  long cancels() {
    return cancels.sum();
  }

  long poolExhaustions() {
    return poolExhaustions.sum();
  }

  /// What was prepared at least once, in the order of [Op].
  Map<String, Long> requests() {
    Map<String, Long> found = new LinkedHashMap<>();
    for (Op op : OPS) {
      long count = requests[place(op)];
      if (count > 0) {
        found.put(op.label(), count);
      }
    }
    return found;
  }

  /// Up to the largest size that occurred.
  List<Long> submissionSizes() {
    List<Long> sizes = new ArrayList<>();
    int end = 0;
    for (int i = 0; i < Integer.SIZE; i++) {
      sizes.add(submissions[Integer.SIZE - 1 - i]);
      end = sizes.get(i) > 0 ? i + 1 : end;
    }
    return sizes.subList(0, end);
  }
}
