package dev.iobus.kv;

import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A record of the log: a batch, entry for entry.
public final class LogRecordFuzz implements FuzzTarget {

  private static final LogRecordFuzz SELF = new LogRecordFuzz();

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  @Override
  public void run(byte[] input) throws IOException {
    LogRecordReader entries = new LogRecordReader("fuzz");
    try {
      entries.open(48, MemorySegment.ofArray(input), input.length);
      long bytes = 0;
      int count = entries.count();
      while (entries.next()) {
        count--;
        bytes += entries.memtableBytes();
        assert entries.tag() != 0;
      }
      assert count == 0 && bytes >= 0;
    } catch (CorruptionException | FormatVersionException refused) {
      assert String.valueOf(refused.getMessage()).startsWith("fuzz");
    }
  }

  @Override
  public List<byte[]> seeds() {
    WriteBatch batch = new WriteBatch();
    for (int i = 0; i < 5; i++) {
      batch.put(new byte[] {(byte) i}, new byte[i * 50]).delete(new byte[i]);
    }
    batch.seal(17);
    return List.of(
        batch.record().asSlice(0, batch.sizeBytes()).toArray(ValueLayout.JAVA_BYTE));
  }
}
