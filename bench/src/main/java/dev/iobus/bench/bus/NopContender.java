package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// [Nops] of one size of batch in a JVM of its own, as each size has a process of its own in C: in one
/// JVM the compiler makes of the loops of all sizes one code, by what it has seen of the first.
/// Batches of 32 and 128 that came after others did up to a tenth fewer operations. The options are
/// those of this JVM. Confined to one thread.
final class NopContender implements Contender {

  private final ChildJvm child;
  private final String description;

  /// @param batch operations of a batch, 1 to 16,384
  /// @param backend the backend to use; null for the best that this host allows
  NopContender(int batch, @Nullable BackendKind backend) throws IOException {
    List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
    String name = backend == null ? NopMain.BEST : backend.name();
    child = new ChildJvm(NopMain.class, options, List.of(Integer.toString(batch), name));
    try {
      description = child.reply();
    } catch (IOException e) {
      child.close();
      throw e;
    }
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public Outcome run(long nanos) throws IOException {
    String[] numbers = child.ask(Long.toString(nanos)).split(" ", -1);
    return Outcome.of(
        new Measurement(
            Long.parseLong(numbers[0]),
            0,
            Long.parseLong(numbers[1]),
            new Latencies().toHistogram(),
            Series.NONE,
            Double.parseDouble(numbers[2])),
        new Outcome.ProcessorTime(
            Double.parseDouble(numbers[3]), Double.parseDouble(numbers[4])));
  }

  @Override
  public void close() {
    child.close();
  }
}
