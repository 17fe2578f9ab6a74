package dev.iobus.sim;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What a simulated host is asked to do: counts it, says what goes wrong with it, and notes it in the
/// trace. Confined to the holder of the baton.
final class SimOperations {

  private final Faults faults;
  private final Trace trace;
  private long count;

  SimOperations(Faults faults, Trace trace) {
    this.faults = faults;
    this.trace = trace;
  }

  Faults faults() {
    return faults;
  }

  /// How many there were.
  long count() {
    return count;
  }

  boolean losesPower() {
    return faults.losesPowerAt(count);
  }

  /// Begins one. Returns what strikes it, or null.
  ///
  /// @param path what it is done to
  @Nullable Fault begin(SimOperation operation, Path path, RandomGenerator random) {
    count++;
    return faults.strike(operation, path, random);
  }

  /// Notes how one has ended.
  void end(SimOperation operation, Path path, long length, long offset, int result) {
    trace.add(path.toString());
    trace.add(operation.name().hashCode() * 1_000_003L + length, offset);
    trace.add(count, result);
  }

  /// Notes bytes that were moved.
  void moved(byte[] bytes, int from, int moved) {
    boolean all = from == 0 && moved == bytes.length;
    byte[] part = all ? bytes : Arrays.copyOfRange(bytes, from, from + moved);
    trace.add(Arrays.hashCode(part), moved); // Which the compiler does many at a time.
  }
}
