package dev.iobus.kv.sstable;

import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// What is small in a table: the footer page with the right checksum, the content of the properties
/// block, or that of the filter block.
public final class TablePartsFuzz implements FuzzTarget {

  private static final TablePartsFuzz SELF = new TablePartsFuzz();
  private static final long FILE_ID = 42;
  private static final long FOOTER_AT = 1 << 20;

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  /// The first byte says which of the three the others are.
  @Override
  public void run(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
    try {
      switch (input[0]) {
        case 0 -> readFooter(bytes);
        case 1 -> readProperties(MemorySegment.ofArray(bytes));
        default -> readFilter(MemorySegment.ofArray(bytes));
      }
    } catch (CorruptionException | FormatVersionException refused) {
      assert String.valueOf(refused.getMessage()).startsWith("fuzz");
    }
  }

  private static void readFooter(byte[] bytes) throws IOException {
    MemorySegment page =
        MemorySegment.ofArray(Arrays.copyOf(bytes, BlockFormat.PAGE_BYTES));
    Encoding.putInt(
        page,
        SSTableFormat.FOOTER_CHECKSUM_OFFSET,
        Checksum.of(FILE_ID, FOOTER_AT, page, 0, SSTableFormat.FOOTER_CHECKSUM_OFFSET));
    Footer footer = Footer.read(page, "fuzz", FILE_ID, FOOTER_AT);
    assert footer.dataEnd() <= FOOTER_AT;
    MemorySegment again = MemorySegment.ofArray(new byte[BlockFormat.PAGE_BYTES]);
    footer.write(again, FILE_ID, FOOTER_AT);
    assert footer.equals(Footer.read(again, "fuzz", FILE_ID, FOOTER_AT));
  }

  private static void readProperties(MemorySegment content) throws IOException {
    TableProperties properties =
        TableProperties.read(content, "fuzz", 4096, FILE_ID, FOOTER_AT, 1);
    assert properties.contentLength() > 0;
    assert properties.covers(content.asSlice(0, 1)) || properties.size() == FOOTER_AT;
  }

  private static void readFilter(MemorySegment content) throws IOException {
    BloomFilter filter = BloomFilter.read(content, "fuzz", 4096);
    for (long hash = -9; filter != null && hash < 1L << 60; hash = hash * 31 + (1L << 40)) {
      filter.add(hash);
      assert filter.mayContain(hash);
    }
  }

  @Override
  public List<byte[]> seeds() {
    byte[] footer = new byte[1 + 200];
    MemorySegment page = MemorySegment.ofArray(new byte[BlockFormat.PAGE_BYTES]);
    new Footer(
            new BlockHandle(8192, 1), new BlockHandle(12_288, 1), new BlockHandle(4096, 1), null, 7)
        .write(page, FILE_ID, FOOTER_AT);
    MemorySegment.copy(page, 0, MemorySegment.ofArray(footer), 1, 200);
    byte[] key = {1, 2, 3};
    TableProperties made =
        new TableProperties(
            FILE_ID, FOOTER_AT, 1, key, 256, key, 512, 1, 2, 9, 1, 0, Long.MAX_VALUE, 1, 2, 3, 4);
    byte[] properties = new byte[1 + (int) made.contentLength()];
    properties[0] = 1;
    made.write(MemorySegment.ofArray(properties).asSlice(1));
    byte[] filter = new byte[1 + BloomFilter.HEADER_BYTES + 2 * BloomFilter.LINE_BYTES];
    filter[0] = 2;
    BloomFilter.writeHeader(MemorySegment.ofArray(filter).asSlice(1), 2, 6);
    return List.of(footer, properties, filter);
  }
}
