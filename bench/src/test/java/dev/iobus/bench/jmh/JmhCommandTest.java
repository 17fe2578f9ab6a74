package dev.iobus.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

final class JmhCommandTest {

  /// One short iteration of each, in this process: they check their own answers.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "BusReadBenchmark", "SharedBusReadBenchmark", "PageCachePinBenchmark", "WalAppendBenchmark",
        "BlockSeekBenchmark", "BloomFilterBenchmark", "CodecBenchmark"
      })
  void benchmarksRun(String name) throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(name)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(20))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertTrue(!results.isEmpty(), name);
  }

  @Test
  void allocationAndAFileOfResultsAreUsual() throws Exception {
    List<String> all = JmhCommand.withDefaults(List.of("Wal", "-f", "1"));
    assertEquals(List.of("Wal", "-f", "1", "-prof", "gc", "-rf", "json"), all.subList(0, 7));
    assertEquals(List.of("-l"), JmhCommand.withDefaults(List.of("-l")));
    assertEquals(
        List.of("-prof", "stack", "-rf", "csv"),
        JmhCommand.withDefaults(List.of("-prof", "stack", "-rf", "csv")));
  }
}
