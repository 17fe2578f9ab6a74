package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.BackendKind;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every contender does every job, and notices what is wrong.
@Timeout(60)
final class ContendersTest {

  private static final int LENGTH = 1 << 20;
  private static final int BLOCK_LENGTH = 2 * PageFormat.LENGTH;
  private static final long NANOS = 30_000_000;

  /// On the disk of the build rather than in a memory file system, which may refuse O_DIRECT.
  @TempDir(factory = TargetDirectory.class)
  private Path directory;

  private static Stream<Arguments> jobs() {
    return Arrays.stream(ContenderKind.values())
        .flatMap(
            kind ->
                Arrays.stream(Access.values())
                    .flatMap(
                        access ->
                            Arrays.stream(Caching.values())
                                .map(caching -> Arguments.of(kind, access, caching))));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyTransferIsRight(ContenderKind kind, Access access, Caching caching) throws Exception {
    BlockFile file = create(caching);
    Blocks blocks = new Blocks(job(access, caching, Registration.REGISTERED), file, 1);
    Measurement m = run(kind, file, blocks, null);
    assertTrue(m.operations() > 0);
    assertEquals(m.operations() * BLOCK_LENGTH, m.bytes());
    assertEquals(m.operations(), m.latencies().getTotalCount());
    assertEquals(LENGTH, Files.size(file.path()));
    if (kind.isChecked()) {
      blocks.verify();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FIO")
  void transfersOnTheNioBackendAreRight(ContenderKind kind) throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    Blocks blocks =
        new Blocks(job(Access.RANDWRITE, Caching.BUFFERED, Registration.PLAIN), file, 1);
    run(kind, file, blocks, BackendKind.NIO);
    blocks.verify();
    run(kind, file, new Blocks(plainReads(), file, 2), BackendKind.NIO);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FIO")
  void wrongPageIsNoticed(ContenderKind kind) throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    // The second page of block 5 is what the first page of the file is.
    overwrite(file, 11L * PageFormat.LENGTH, Files.readAllBytes(file.path()), PageFormat.LENGTH);
    MismatchException e =
        assertThrows(
            MismatchException.class,
            () -> runUntilFailure(kind, file, new Blocks(plainReads(), file, 1)));
    assertEquals(
        "buffered read 8k QD 8: block 5 at offset 40960: expected page 11, found page 0",
        e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FIO")
  void shortReadIsNoticed(ContenderKind kind) throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    truncate(file, LENGTH - 1_000);
    MismatchException e =
        assertThrows(
            MismatchException.class,
            () -> runUntilFailure(kind, file, new Blocks(plainReads(), file, 1)));
    assertEquals(
        "buffered read 8k QD 8: block 127 at offset 1040384: expected 8192 bytes, found 7192",
        e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FIO")
  void endOfTheFileIsNoticed(ContenderKind kind) throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    truncate(file, 0);
    assertThrows(
        MismatchException.class,
        () -> runUntilFailure(kind, file, new Blocks(plainReads(), file, 1)));
  }

  @Test
  void threadsWithoutTransfersAreTold() {
    ServedThreads served = new ServedThreads(1_000);
    assertEquals("", served.describe());
    served.add(7);
    served.add(7);
    assertEquals("; of 1,000 threads only 1 had transfers", served.describe());
    for (int i = 0; i < 1_000; i++) {
      served.add(i);
    }
    assertEquals("", served.describe());
  }

  @Test
  void fioIsNotLetReadAFileThatIsTooShort() throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    truncate(file, LENGTH / 2);
    IOException e =
        assertThrows(
            IOException.class,
            () -> run(ContenderKind.FIO, file, new Blocks(plainReads(), file, 1), null));
    assertEquals("blocks: expected 1048576 bytes, found 524288", e.getMessage());
  }

  @Test
  void fioThatFailsIsNoticed() throws Exception {
    Fio fio = findFio();
    Path scratch = directory.resolve("report");
    IOException e =
        assertThrows(IOException.class, () -> fio.report(List.of("--rw=sideways"), scratch));
    assertTrue(String.valueOf(e.getMessage()).startsWith("fio ended with status 1: "), e::toString);
    assertFalse(Files.exists(scratch));
  }

  @ParameterizedTest
  @EnumSource(names = {"SHARED_VIRTUAL", "FILECHANNEL_VIRTUAL", "BUS_THREAD"})
  void thousandVirtualThreadsAreOneJob(ContenderKind kind) throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    Job deep =
        new Job(
            Access.RANDREAD, PageFormat.LENGTH, 1_000, Caching.BUFFERED, Registration.REGISTERED);
    assertTrue(run(kind, file, new Blocks(deep, file, 1), null).operations() >= 1_000);
  }

  @Test
  void busTakesMoreTransfersThanTheFileHasBlocks() throws Exception {
    BlockFile file = create(Caching.BUFFERED);
    Job deep =
        new Job(Access.WRITE, LENGTH / 2, 5, Caching.BUFFERED, Registration.REGISTERED);
    Blocks blocks = new Blocks(deep, file, 1);
    run(ContenderKind.IOBUS, file, blocks, null);
    blocks.verify();
  }

  @Test
  void librariesReadWhatTheyMust() throws Exception {
    List<BlockPeer> peers = new ArrayList<>();
    ServiceLoader.load(BlockPeer.class).forEach(peers::add);
    assumeTrue(!peers.isEmpty(), "no libraries here: mvn -Ppeers");
    for (BlockPeer peer : peers) {
      BlockFile file = create(Caching.BUFFERED);
      Measurement m = run(peer, new Blocks(plainReads(), file, 1), NANOS);
      assertTrue(m.operations() > 0, peer.name());
      assertEquals(m.operations() * BLOCK_LENGTH, m.bytes(), peer.name());
      overwrite(file, 11L * PageFormat.LENGTH, Files.readAllBytes(file.path()), 16);
      assertThrows(
          MismatchException.class,
          () -> run(peer, new Blocks(plainReads(), file, 1), 20_000_000_000L));
      Files.delete(file.path());
    }
  }

  private static Measurement run(BlockPeer peer, Blocks blocks, long nanos) throws Exception {
    try (Contender contender = peer.open(blocks)) {
      return contender.run(nanos).measurement();
    } catch (HostLacksException e) {
      return abort(e.getMessage());
    }
  }

  private static Job plainReads() {
    return job(Access.READ, Caching.BUFFERED, Registration.PLAIN);
  }

  private static Job job(Access access, Caching caching, Registration registration) {
    return new Job(access, BLOCK_LENGTH, 8, caching, registration);
  }

  private BlockFile create(Caching caching) throws IOException {
    BlockFile file = BlockFile.create(directory.resolve("blocks"), LENGTH);
    if (caching == Caching.DIRECT) {
      String refusal = file.directRefusal();
      assumeTrue(refusal == null, "no direct I/O here: " + refusal);
    }
    return file;
  }

  private static Measurement run(
      ContenderKind kind, BlockFile file, Blocks blocks, @Nullable BackendKind backend)
      throws Exception {
    return run(kind, file, blocks, backend, NANOS);
  }

  /// Runs for so long that every block has its turn before the end.
  private static void runUntilFailure(ContenderKind kind, BlockFile file, Blocks blocks)
      throws Exception {
    run(kind, file, blocks, null, 20_000_000_000L);
  }

  private static Measurement run(
      ContenderKind kind,
      BlockFile file,
      Blocks blocks,
      @Nullable BackendKind backend,
      long nanos)
      throws Exception {
    Fio fio = kind == ContenderKind.FIO ? findFio() : null;
    try (Contender contender = kind.open(new Bed(file, file, backend, fio), blocks)) {
      return contender.run(nanos).measurement();
    }
  }

  private static Fio findFio() throws InterruptedException {
    Fio fio = Fio.find("fio");
    assumeTrue(fio != null, "no fio here: " + Fio.REMEDY);
    return Objects.requireNonNull(fio);
  }

  private static void overwrite(BlockFile file, long offset, byte[] bytes, int count)
      throws IOException {
    try (FileChannel channel = file.open(Caching.BUFFERED, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes, 0, count), offset);
    }
  }

  private static void truncate(BlockFile file, long length) throws IOException {
    try (FileChannel channel = file.open(Caching.BUFFERED, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }
}
