package dev.iobus.bench.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.subject.Change;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.Preload;
import dev.iobus.bench.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every workload, tiny, on this store and on every peer that the build has.
final class CellRunTest {

  private static final DataShape DATA = new DataShape(2_000, 16, 100, 0.5, true, 1);
  private static final Timing TIMING = new Timing(0.03, 0.01, 0, 0);
  private static final long MEMORY_BYTES = 32L << 20;

  /// Under the module's own directory: the temporary one may lie in memory.
  private Path directory = Path.of("");

  @BeforeEach
  void create() throws IOException {
    directory =
        Files.createTempDirectory(Files.createDirectories(Path.of("target", "cells")), "cell-")
            .toAbsolutePath();
  }

  @AfterEach
  void remove() throws IOException {
    DiskUse.remove(directory);
  }

  static Stream<Arguments> workloads() {
    return Subjects.all().stream()
        .flatMap(
            subject ->
                Workload.choices().stream()
                    .filter(workload -> workload.preload() != Preload.CRASHED)
                    .filter(workload -> subject.levels().contains(workload.usualSync()))
                    .map(workload -> Arguments.of(subject.name(), workload)));
  }

  private static Row row(Workload workload, String threads, Sync sync) {
    return new Row(workload, Threads.parse(threads), sync, 10, null, DATA, MEMORY_BYTES);
  }

  private Cell cell(Workload workload, String subject, String threads, Sync sync) {
    Row row = row(workload, threads, sync);
    return new Cell(row, subject, 0, TIMING, 1, null, directory.resolve("store").toString());
  }

  private static Result run(Cell cell) throws Exception {
    ResultBuilder result = new ResultBuilder("cell");
    new CellRun(cell).run(result);
    return result.build();
  }

  private Run runOne(Workload workload, String subject, String threads, Sync sync)
      throws Exception {
    Cell cell = cell(workload, subject, threads, sync);
    if (workload.preload() != Preload.EMPTY) {
      run(cell.preparing(Workload.LOAD, Path.of(cell.directory())));
    }
    Result result = run(cell);
    assertNull(result.failure());
    return result.runs().getFirst();
  }

  @ParameterizedTest
  @MethodSource("workloads")
  void everyWorkloadRuns(String subject, Workload workload) throws Exception {
    Run run = runOne(workload, subject, "1", workload.usualSync());
    assertTrue(run.operations() > 0);
    assertTrue(run.value(Metric.OPERATIONS_PER_SECOND) > 0);
    assertEquals(workload.hasLatencies(), run.value(Metric.P50) > 0);
    assertTrue(run.value(Metric.CPU_PER_OPERATION) >= 0);
    assertTrue(run.value(Metric.SPACE_AMPLIFICATION) > 0);
  }

  @ParameterizedTest
  @MethodSource("workloads")
  void manyThreadsGetRightAnswers(String subject, Workload workload) throws Exception {
    Run run = runOne(workload, subject, "40v", workload.usualSync());
    assertTrue(run.operations() > 0);
    assertTrue(run.value(Metric.PINNED) >= 0);
  }

  /// A store that acknowledges as durable what is in the kernel only.
  private record Unsynced(SubjectProvider provider) implements SubjectProvider {

    @Override
    public String name() {
      return "unsynced";
    }

    @Override
    public String describe(SubjectSettings settings) {
      return "a store that lies";
    }

    @Override
    public Set<Sync> levels() {
      return EnumSet.allOf(Sync.class);
    }

    @Override
    public Subject open(Path directory, SubjectSettings settings) throws IOException {
      SubjectSettings lower =
          new SubjectSettings(
              settings.memoryBytes(),
              settings.dataBytes(),
              settings.compression(),
              Sync.WRITTEN,
              null);
      return new UnsyncedSubject(provider.open(directory, lower));
    }
  }

  private record UnsyncedSubject(Subject subject) implements Subject {

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      subject.put(key, value, Sync.WRITTEN);
    }

    @Override
    public void delete(byte[] key, Sync sync) throws IOException {
      subject.delete(key, Sync.WRITTEN);
    }

    @Override
    public void write(List<Change> changes, Sync sync)
        throws IOException {
      subject.write(changes, Sync.WRITTEN);
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
      return subject.get(key);
    }

    @Override
    public List<byte @Nullable []> multiGet(List<byte[]> keys)
        throws IOException {
      return subject.multiGet(keys);
    }

    @Override
    public long scan(
        byte @Nullable [] from,
        Direction direction,
        long limit,
        EntryVisitor visitor)
        throws Exception {
      return subject.scan(from, direction, limit, visitor);
    }

    @Override
    public void compact() throws IOException {
      subject.compact();
    }

    @Override
    public double stallNanos() {
      return subject.stallNanos();
    }

    @Override
    public String detail() {
      return subject.detail();
    }

    @Override
    public void close() throws IOException {
      subject.close();
    }
  }

  @Test
  void missingSyncIsCaught() throws Exception {
    assumeTrue(
        FlushWitness.calibrate(directory).dsyncSilence() == null,
        () -> "this device does not count flushes");
    for (SubjectProvider lying : List.of(Subjects.own(), new Unsynced(Subjects.own()))) {
      ResultBuilder result = new ResultBuilder("cell");
      Path store = directory.resolve(lying.name());
      Cell cell = cell(Workload.FILLSYNC, lying.name(), "1", Sync.SYNCED).in(store);
      new CellRun(cell, lying).run(result);
      String failure = result.build().failure();
      if (lying.equals(Subjects.own())) {
        assertNull(failure);
      } else {
        assertNotNull(failure);
        assertTrue(failure.contains("acknowledged without a sync"), failure);
      }
    }
  }
}
