package dev.iobus.kv.sstable;

import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The decoded content of a data block: walked both ways, sought and searched in.
public final class DataBlockFuzz implements FuzzTarget {

  private static final DataBlockFuzz SELF = new DataBlockFuzz();

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  @Override
  public void run(byte[] input) throws IOException {
    MemorySegment block = MemorySegment.ofArray(input);
    try {
      BlockCursor cursor = new BlockCursor();
      cursor.open(block, "fuzz", 4096);
      int count = 0;
      for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
        count += cursor.key().byteSize() + cursor.value().byteSize() >= 0 ? 1 : 0;
      }
      int back = 0;
      for (cursor.seekToLast(); cursor.isValid() && back <= count; cursor.previous()) {
        back++;
      }
      search(block, key("k005"));
      search(block, MemorySegment.ofArray(input).asSlice(0, Math.min(input.length, 5)));
      cursor.seek(key("k009"), 77);
      cursor.seekToIndex(count / 2);
    } catch (CorruptionException refused) {
      assert refused.offset() == 4096;
    }
  }

  private static void search(MemorySegment block, MemorySegment key) throws CorruptionException {
    BlockHit hit = new BlockHit();
    if (hit.reader.open(block, "fuzz", 4096).search(key, Long.MAX_VALUE, Hash64.of(key), hit)) {
      assert hit.value(block).byteSize() >= 0;
    }
  }

  private static MemorySegment key(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (int entries : new int[] {1, 3, 20, 60}) {
      seeds.add(block(entries));
    }
    return seeds;
  }

  /// The content of a block of so many entries.
  static byte[] block(int entries) throws IOException {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    try (MemoryBudget.Account account = budget.open("fuzz", 1 << 20);
        BlockWriter writer = new BlockWriter(account)) {
      for (int i = 0; i < entries; i++) {
        MemorySegment key = key("k%03d".formatted(i / 2));
        writer.add(key, (1000L - i) << 8 | (i % 3 == 0 ? 0 : 1), Hash64.of(key), key("v" + i));
      }
      byte[] content = new byte[(int) writer.contentLength(entries)];
      MemorySegment memory = MemorySegment.ofArray(content);
      writer.write(entries, memory);
      return content;
    }
  }
}
