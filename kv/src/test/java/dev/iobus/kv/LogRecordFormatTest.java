package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// The bytes of a record of the store's log, which no version changes.
final class LogRecordFormatTest {

  private static final int BASE = 0x010203;

  /// Base and count; put of "k" and 200 bytes of 'v'; delete of ""; put of "" and "".
  private static final String GOLDEN =
      "0302010000000000" + "03000000"
          + "01" + "01" + "01" + "c801" + "6b" + "76".repeat(200)
          + "00" + "01" + "00"
          + "01" + "01" + "00" + "00";

  @Test
  void batchIsWrittenAsItWas() {
    WriteBatch batch =
        new WriteBatch()
            .put("k".getBytes(UTF_8), "v".repeat(200).getBytes(UTF_8))
            .delete(new byte[0])
            .put(new byte[0], new byte[0]);
    batch.seal(BASE);
    byte[] bytes = batch.record().asSlice(0, batch.sizeBytes()).toArray(ValueLayout.JAVA_BYTE);
    assertEquals(GOLDEN, HexFormat.of().formatHex(bytes));
    assertEquals(201, batch.userBytes());
  }

  @Test
  void recordIsRead() throws IOException {
    byte[] bytes = HexFormat.of().parseHex(GOLDEN);
    LogRecordReader reader = new LogRecordReader("golden");
    reader.open(0, MemorySegment.ofArray(bytes), bytes.length);
    assertEquals(BASE, reader.baseSequence());
    assertEquals(3, reader.count());
    EntryKind[] kinds = {EntryKind.PUT, EntryKind.DELETE, EntryKind.PUT};
    for (int i = 0; i < kinds.length; i++) {
      assertTrue(reader.next());
      assertEquals(InternalKey.tag(BASE + i, kinds[i]), reader.tag());
      assertEquals(LogRecordFormat.KEYSPACE, reader.keyspace());
    }
    assertFalse(reader.next());
  }
}
