package dev.iobus.kv.sstable;

import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// The content of an index block: checked, then searched, so that no access leaves it.
public final class IndexFuzz implements FuzzTarget {

  private static final IndexFuzz SELF = new IndexFuzz();
  private static final int END_BYTES = 8;

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  /// The first eight bytes say where the data blocks end.
  @Override
  public void run(byte[] input) throws IOException {
    if (input.length < END_BYTES) {
      return;
    }
    MemorySegment all = MemorySegment.ofArray(input);
    MemorySegment content = all.asSlice(END_BYTES);
    try {
      IndexBlock index = new IndexBlock(content, "fuzz", 4096, Encoding.getLong(all, 0));
      for (int i = 0; i < index.count(); i++) {
        assert index.handle(i).pages() > 0;
      }
      for (String key : new String[] {"", "k", "k01", "k015x", "k9", "\uffff"}) {
        int found = index.find(key(key), 300);
        assert found >= 0 && found <= index.count() : found;
      }
      assert index.find(content.asSlice(0, Math.min(12, content.byteSize())), 0) >= 0;
    } catch (CorruptionException refused) {
      assert refused.offset() == 4096;
    }
  }

  private static MemorySegment key(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    return List.of(index(0), index(1), index(30));
  }

  private static byte[] index(int blocks) throws IOException {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    try (MemoryBudget.Account account = budget.open("fuzz", 1 << 20);
        IndexWriter writer = new IndexWriter(account)) {
      long end = 4096;
      for (int i = 0; i < blocks; i++) {
        BlockHandle handle = new BlockHandle(end, 1 + i % 3);
        writer.add(key("k%03d".formatted(i)), 256L + i, handle);
        end = handle.end();
      }
      byte[] bytes = new byte[END_BYTES + (int) writer.contentBound()];
      MemorySegment memory = MemorySegment.ofArray(bytes);
      Encoding.putLong(memory, 0, end);
      return Arrays.copyOf(bytes, END_BYTES + (int) writer.write(memory.asSlice(END_BYTES)));
    }
  }
}
