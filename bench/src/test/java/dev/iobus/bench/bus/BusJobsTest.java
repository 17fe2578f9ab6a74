package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Aim;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.result.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// All jobs of one call, but the command line and the report.
@Timeout(60)
final class BusJobsTest {

  private static final long BYTES = 1 << 20;
  private static final Comparison.Rounds ROUNDS =
      new Comparison.Rounds(2, 10_000_000, 40_000_000);
  private static final Comparison.Rounds LONGER_ROUND =
      new Comparison.Rounds(1, 20_000_000, 150_000_000);
  private static final String NO_FIO = "there-is-no-such-fio";

  @TempDir(factory = TargetDirectory.class)
  private Path directory;

  @Test
  void contendersAlternateInEveryJob() throws Exception {
    Result result =
        run(
            settings(
                List.of(Access.RANDREAD, Access.WRITE),
                List.of(ContenderKind.SHARED, ContenderKind.FILECHANNEL, ContenderKind.IOBUS),
                ROUNDS,
                NO_FIO));
    assertEquals(
        List.of(
            "buffered randread 4k QD 4 iobus 0",
            "buffered randread 4k QD 4 shared 0",
            "buffered randread 4k QD 4 filechannel 0",
            "buffered randread 4k QD 4 shared 1",
            "buffered randread 4k QD 4 filechannel 1",
            "buffered randread 4k QD 4 iobus 1",
            "buffered write 4k QD 4 iobus 0",
            "buffered write 4k QD 4 shared 0",
            "buffered write 4k QD 4 filechannel 0",
            "buffered write 4k QD 4 shared 1",
            "buffered write 4k QD 4 filechannel 1",
            "buffered write 4k QD 4 iobus 1"),
        result.runs().stream()
            .map(run -> run.workload() + " " + run.subject() + " " + run.round())
            .toList());
  }

  @Test
  void runTellsSpeedAndCost() throws Exception {
    Run run =
        run(settings(List.of(Access.RANDREAD), List.of(), LONGER_ROUND, NO_FIO))
            .runs()
            .getFirst();
    for (Metric metric :
        List.of(
            Metric.OPERATIONS_PER_SECOND,
            Metric.MEGABYTES_PER_SECOND,
            Metric.P50,
            Metric.P99,
            Metric.P999,
            Metric.MAX,
            Metric.CPU_PER_OPERATION)) {
      assertTrue(run.value(metric) > 0, metric + " is " + run.value(metric));
    }
    assertEquals(run.value(Metric.OPERATIONS_PER_SECOND) * 4_096 / 1e6,
        run.value(Metric.MEGABYTES_PER_SECOND), 1);
    assertNotNull(run.latencies());
    assertEquals(1, run.series().rates().size());
  }

  @Test
  void fioIsMeasuredLikeTheOthers() throws Exception {
    assumeTrue(Fio.find("fio") != null, "no fio here: " + Fio.REMEDY);
    List<Access> accesses = List.of(Access.RANDWRITE, Access.RANDREAD);
    Result result = run(settings(accesses, List.of(ContenderKind.FIO), LONGER_ROUND, "fio"));
    for (Run run : result.runs()) {
      assertTrue(run.operations() > 0, run.toString());
      assertTrue(run.value(Metric.P50) > 0, run.toString());
    }
    assertTrue(
        result.runs().getLast().value(Metric.CPU_PER_OPERATION) > 0,
        result.runs().getLast().toString());
    assertEquals(4, result.runs().size());
  }

  @Test
  void absentFioIsLeftOutUnlessAskedFor() throws Exception {
    Result result = run(settings(List.of(Access.READ), null, ROUNDS, NO_FIO));
    assertEquals("not installed: " + Fio.REMEDY, result.facts().get("fio"));
    assertEquals(2, result.runs().size());
    BusSettings asked = settings(List.of(Access.READ), List.of(ContenderKind.FIO), ROUNDS, NO_FIO);
    assertThrows(HostLacksException.class, () -> new BusJobs(asked));
  }

  @Test
  void fioThatCannotRunHereIsLeftOutUnlessAskedFor() throws Exception {
    // It has a version, and fails at every job.
    Path broken = directory.resolve("broken-fio");
    Files.writeString(
        broken, "#!/bin/sh\n[ \"$1\" = --version ] && echo fio-0 && exit\nexit 1\n");
    assertTrue(broken.toFile().setExecutable(true));
    String program = broken.toAbsolutePath().toString();
    Result result = run(settings(List.of(Access.READ), null, ROUNDS, program));
    assertTrue(String.valueOf(result.facts().get("fio")).startsWith("fio-0 left out"));
    Files.delete(directory.resolve("blocks"));
    BusSettings asked = settings(List.of(Access.READ), List.of(ContenderKind.FIO), ROUNDS, program);
    assertThrows(HostLacksException.class, () -> run(asked));
  }

  @Test
  void nopsAreCounted() throws Exception {
    BusSettings settings =
        new BusSettings(
            List.of(),
            List.of(1, 32),
            Set.of(),
            List.of(),
            List.of(),
            List.of(),
            BYTES,
            LONGER_ROUND,
            null,
            NO_FIO);
    Result result = run(settings);
    List<Run> own =
        result.runs().stream().filter(run -> run.subject().equals("iobus")).toList();
    assertEquals(2, own.size());
    Run last = own.getLast();
    assertEquals("nop, batch 32", last.workload());
    assertTrue(last.value(Metric.OPERATIONS_PER_SECOND) > 0);
    assertTrue(last.value(Metric.CPU_PER_OPERATION) > 0);
    assertTrue(last.value(Metric.ALLOCATED_PER_OPERATION) >= 0);
    assertTrue(Double.isNaN(last.value(Metric.P50)));
  }

  @Test
  void jvmOfNopsThatFailsIsNoticed() {
    assertThrows(IOException.class, () -> new NopContender(0, null));
  }

  @Test
  void everyRowWithAimsIsMeasured() throws Exception {
    assumeTrue(Fio.find("fio") != null, "no fio here: " + Fio.REMEDY);
    BlockFile probe = BlockFile.create(directory.resolve("probe"), PageFormat.LENGTH);
    assumeTrue(probe.directRefusal() == null, "no direct I/O here: " + probe.directRefusal());
    BusSettings settings =
        new BusSettings(
            List.of(),
            List.of(1),
            EnumSet.allOf(AimGroup.class),
            List.of(),
            List.of(),
            null,
            BYTES,
            new Comparison.Rounds(1, 0, 30_000_000),
            null,
            "fio");
    Result result = run(settings);
    Set<List<String>> measured =
        result.runs().stream()
            .map(run -> List.of(run.workload(), run.subject()))
            .collect(Collectors.toSet());
    for (Aim aim : result.aims()) {
      String peer = aim.peer() == null ? "iobus" : aim.peer();
      // Libraries and compilers that are not here.
      if (!List.of("jasyncfio", "netty", NopProgram.LABEL).contains(peer)) {
        assertTrue(measured.contains(List.of(aim.workload(), peer)), aim.toString());
      }
    }
    assertTrue(result.aims().size() > 20, () -> result.aims().toString());
  }

  private static BusSettings settings(
      List<Access> accesses,
      @Nullable List<ContenderKind> rivals,
      Comparison.Rounds rounds,
      String fio) {
    List<Job> jobs =
        accesses.stream()
            .map(access -> new Job(access, 4_096, 4, Caching.BUFFERED, Registration.REGISTERED))
            .toList();
    return new BusSettings(
        jobs, List.of(), Set.of(), List.of(), List.of(), rivals, BYTES, rounds, null, fio);
  }

  /// Runs the jobs, and takes the result through its files.
  private Result run(BusSettings settings) throws Exception {
    ResultBuilder builder = new ResultBuilder("bus");
    new BusJobs(settings).run(directory, Progress.none(), builder);
    ResultFiles.write(builder.build(), directory);
    return ResultFiles.read(directory);
  }
}
