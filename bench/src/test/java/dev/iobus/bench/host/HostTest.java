package dev.iobus.bench.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What can be checked of counters that belong to the whole machine: that they move when they must,
/// and the right way.
final class HostTest {

  @TempDir private Path directory;

  @Test
  void numbersEndAtWhatIsNone() {
    assertArrayEquals(new long[] {1, 22, -3}, ProcFile.numbers("  1 22\t-3 kB 4"));
    assertArrayEquals(new long[0], ProcFile.numbers("kB"));
    assertEquals(List.of(), ProcFile.lines(directory.resolve("absent")));
    assertTrue(Double.isNaN(ProcFile.valueOf(directory.resolve("absent"), "x")));
  }

  @Test
  void processorTimeIsCounted() {
    ProcessCounters before = ProcessCounters.now();
    HostCpu host = HostCpu.now();
    long until = System.nanoTime() + 300_000_000;
    long sum = 0;
    while (System.nanoTime() < until) {
      sum += sum ^ until;
    }
    ProcessCounters used = ProcessCounters.now().since(before);
    assertTrue(used.cpuNanos() > 50_000_000, "used " + used.cpuNanos() + " " + sum);
    HostCpu all = HostCpu.now().since(host);
    assumeTrue(all.total() > 0, "the host counts no ticks");
    assertTrue(all.othersShare() >= 0 && all.othersShare() <= 1, all.toString());
    assertTrue(all.stolenShare() >= 0 && all.stolenShare() <= 1, all.toString());
  }

  @Test
  void flushIsCounted() throws Exception {
    Path place = Files.createDirectories(Path.of("target", "flush"));
    Path counters = DeviceCounters.fileFor(place);
    FlushWitness witness = FlushWitness.calibrate(place);
    assumeTrue(witness.silence() == null, witness.describe());
    DeviceCounters before = DeviceCounters.now(counters);
    Path file = place.resolve("file");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 10; i++) {
        channel.write(ByteBuffer.wrap(new byte[4_096]), i * 4_096L);
        channel.force(true);
      }
    } finally {
      Files.delete(file);
    }
    DeviceCounters used = DeviceCounters.now(counters).since(before);
    assertTrue(used.flushes() >= 9, "flushes " + used.flushes());
  }

  @Test
  void groupBoundsItsProcesses() throws Exception {
    try (MemoryCgroup group = MemoryCgroup.create(64 << 20)) {
      assumeTrue(group != null, "this user may make no control group");
      assert group != null;
      Process hungry =
          new ProcessBuilder(
                  group.enter(List.of("/bin/sh", "-c", "head -c 200m /dev/zero | tail -c 190m")))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      hungry.waitFor();
      assertTrue(group.peakBytes() <= 65 << 20, "peak " + group.peakBytes());
      assertTrue(group.hasKilled() || hungry.exitValue() == 0);
    }
  }

  @Test
  void droppedFilesKeepTheirBytes() throws Exception {
    Path file = Files.write(directory.resolve("file"), new byte[100_000]);
    FileCache.drop(directory);
    assertEquals(100_000, Files.readAllBytes(file).length);
  }

  @Test
  void diskUseCountsFiles() throws Exception {
    Files.write(directory.resolve("file"), new byte[100_000]);
    assertEquals(100_000, DiskUse.bytes(directory));
    assertTrue(DiskUse.allocatedBytes(directory) >= 100_000);
    Path copy = directory.resolve("copy");
    DiskUse.copy(Files.createDirectory(directory.resolve("empty")), copy);
    assertEquals(0, DiskUse.bytes(copy));
  }
}
