package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.MismatchException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlocksTest {

  private static final int BLOCKS = 10;
  private static final int PAGES_PER_BLOCK = 2;
  private static final int BLOCK_LENGTH = PAGES_PER_BLOCK * PageFormat.LENGTH;

  /// One page more than whole blocks.
  private static final long LENGTH = (long) BLOCKS * BLOCK_LENGTH + PageFormat.LENGTH;

  @TempDir private Path directory;
  private BlockFile file = new BlockFile(Path.of("none"), 0);
  private final ByteBuffer buffer = BlockFile.alignedBuffer(BLOCK_LENGTH);
  private final MemorySegment memory = MemorySegment.ofBuffer(buffer);

  @BeforeEach
  void createFile() throws IOException {
    file = BlockFile.create(directory.resolve("blocks"), LENGTH + 1);
  }

  @Test
  void fileIsWholePagesThatSayWhichTheyAre() throws Exception {
    BitSet seen = new BitSet();
    file.scan(
        Caching.BUFFERED,
        (page, found, at) -> {
          assertEquals(page, PageFormat.numberAt(found, at));
          assertEquals(0, PageFormat.generationAt(found, at));
          seen.set((int) page);
        });
    assertEquals(LENGTH, file.bytes());
    assertEquals(LENGTH / PageFormat.LENGTH, seen.cardinality());
  }

  @Test
  void orderedBlocksComeInOrderAndAgain() {
    Blocks blocks = blocks(Access.READ, 1);
    for (int i = 0; i < 2 * BLOCKS; i++) {
      assertEquals(i % BLOCKS, blocks.next());
    }
  }

  @Test
  void randomBlocksAreAllOfTheFileInAnotherOrderEachTime() {
    Blocks first = blocks(Access.RANDREAD, 1);
    Blocks second = blocks(Access.RANDREAD, 2);
    BitSet seen = new BitSet();
    int equal = 0;
    for (int i = 0; i < 1_000; i++) {
      int block = first.next();
      seen.set(block);
      equal += block == second.next() ? 1 : 0;
    }
    assertEquals(BLOCKS, seen.cardinality());
    assertEquals(BLOCKS, seen.length());
    assertTrue(equal < 200, equal + " of 1000 are equal");
  }

  @Test
  void readThatBringsNothingIsNoticed() throws Exception {
    Blocks blocks = blocks(Access.READ, 1);
    read(3);
    blocks.check(3, BLOCK_LENGTH, memory, 0);
    blocks.prepare(3, memory, 0);
    MismatchException e =
        assertThrows(
            MismatchException.class, () -> blocks.check(3, BLOCK_LENGTH, memory, 0));
    assertEquals(
        "buffered read 8k QD 1: block 3 at offset 24576: expected page 6,"
            + " found no page of this file",
        e.getMessage());
  }

  @Test
  void readBackFindsWhatWasWritten() throws Exception {
    Blocks blocks = blocks(Access.WRITE, 1);
    write(blocks, 0);
    write(blocks, BLOCKS - 1);
    blocks.verify();
    Blocks later = blocks(Access.WRITE, 2);
    write(later, 0);
    later.verify();
  }

  @Test
  void writeThatDidNothingIsNoticed() throws Exception {
    Blocks blocks = blocks(Access.WRITE, 7);
    blocks.check(4, BLOCK_LENGTH, memory, 0);
    MismatchException e = assertThrows(MismatchException.class, blocks::verify);
    assertEquals(
        "buffered write 8k QD 1: block 4 at offset 32768: expected page 8 of run 7,"
            + " found it of run 0",
        e.getMessage());
  }

  @Test
  void writeToTheWrongPlaceIsNoticed() throws Exception {
    Blocks blocks = blocks(Access.WRITE, 1);
    blocks.prepare(2, memory, 0);
    write(6);
    MismatchException e = assertThrows(MismatchException.class, blocks::verify);
    assertEquals(
        "buffered write 8k QD 1: block 6 at offset 49152: expected page 12, found page 4",
        e.getMessage());
  }

  @Test
  void writeThatNobodyMadeIsNoticed() throws Exception {
    Blocks blocks = blocks(Access.WRITE, 1);
    blocks.prepare(2, memory, 0);
    write(2);
    assertThrows(MismatchException.class, blocks::verify);
  }

  @Test
  void shortWriteIsNoticed() {
    Blocks blocks = blocks(Access.RANDWRITE, 1);
    assertThrows(
        MismatchException.class, () -> blocks.check(2, PageFormat.LENGTH, memory, 0));
  }

  @Test
  void fileThatLostItsEndIsNoticed() throws Exception {
    Blocks blocks = blocks(Access.WRITE, 1);
    try (FileChannel channel = file.open(Caching.BUFFERED, StandardOpenOption.WRITE)) {
      channel.truncate(LENGTH - PageFormat.LENGTH);
    }
    MismatchException e = assertThrows(MismatchException.class, blocks::verify);
    assertEquals("blocks: expected 86016 bytes, found 81920", e.getMessage());
  }

  private Blocks blocks(Access access, long generation) {
    Job job = new Job(access, BLOCK_LENGTH, 1, Caching.BUFFERED, Registration.PLAIN);
    return new Blocks(job, file, generation);
  }

  private void write(Blocks blocks, int block) throws Exception {
    blocks.prepare(block, memory, 0);
    write(block);
    blocks.check(block, BLOCK_LENGTH, memory, 0);
  }

  private void write(int block) throws IOException {
    try (FileChannel channel = file.open(Caching.BUFFERED, StandardOpenOption.WRITE)) {
      channel.write(buffer.clear(), (long) block * BLOCK_LENGTH);
    }
  }

  private void read(int block) throws IOException {
    try (FileChannel channel = file.open(Caching.BUFFERED, StandardOpenOption.READ)) {
      channel.read(buffer.clear(), (long) block * BLOCK_LENGTH);
    }
  }
}
