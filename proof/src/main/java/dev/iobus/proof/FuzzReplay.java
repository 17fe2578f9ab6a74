package dev.iobus.proof;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Gives a target its seeds, its kept inputs, and some changed ones that are the same each time.
/// Stateless.
public final class FuzzReplay {

  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private FuzzReplay() {}

  /// Runs a target.
  ///
  /// @param changed how many changed inputs
  /// @throws AssertionError with the input, when it throws, or takes more memory than it may
  public static void run(Class<? extends FuzzTarget> type, int changed) throws Exception {
    FuzzTarget target = type.getConstructor().newInstance();
    List<byte[]> corpus = new ArrayList<>(target.seeds());
    int valid = corpus.size();
    corpus.addAll(Corpus.read(type));
    for (int i = 0; i < corpus.size(); i++) {
      run(target, corpus.get(i), i < valid ? "seed " + i : "kept input " + (i - valid));
    }
    ByteMutator mutator = new ByteMutator(type.getSimpleName().hashCode(), corpus);
    for (int i = 0; i < changed; i++) {
      run(target, mutator.next(), "changed input " + i);
    }
  }

  private static void run(FuzzTarget target, byte[] input, String name) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    String what =
        target.getClass().getSimpleName() + ", " + name + ", " + input.length + " bytes: ";
    try {
      target.run(input.clone());
    } catch (Exception | Error e) {
      throw new AssertionError(what + Base64.getEncoder().encodeToString(input), e);
    }
    long taken = THREADS.getCurrentThreadAllocatedBytes() - before;
    if (taken > target.heapBytesMax()) {
      throw new AssertionError(
          what + taken + " bytes of heap, " + target.heapBytesMax() + " at most: "
              + Base64.getEncoder().encodeToString(input));
    }
  }
}
