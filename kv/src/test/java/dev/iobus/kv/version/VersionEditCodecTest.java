package dev.iobus.kv.version;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class VersionEditCodecTest {

  static TableInfo table(long number, int level, String smallest, String largest) {
    return new TableInfo(
        number,
        0x1122334455667788L,
        8192,
        42,
        1,
        level,
        KeyBound.inclusive(segment(smallest), 0x501),
        KeyBound.inclusive(segment(largest), 0x301),
        3,
        5,
        0,
        10,
        2,
        0,
        Long.MAX_VALUE,
        List.of());
  }

  private static MemorySegment segment(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  private static VersionEdit decode(FieldWriter fields) throws IOException {
    return VersionEditCodec.decode("manifest", 0, fields.segment());
  }

  @Test
  void anEditComesBackAsItWas() throws IOException {
    VersionEdit edit = new VersionEdit().add(table(3, 2, "a", "b")).add(table(4, 0, "", "zz"));
    edit.remove(1).remove(2).logStart(4096).durableMark(8192).lastSequence(77);
    edit.nextFileNumber(5).add(Keyspace.DEFAULT);
    FieldWriter fields = new FieldWriter();
    VersionEditCodec.encodeHeader(fields);
    VersionEditCodec.encode(edit, fields);
    VersionEdit found = decode(fields);
    assertEquals(edit.added(), found.added());
    assertEquals(edit.removed(), found.removed());
    assertEquals(edit.keyspaces(), found.keyspaces());
    assertEquals(4096, found.logStart());
    assertEquals(8192, found.durableMark());
    assertEquals(77, found.lastSequence());
    assertEquals(5, found.nextFileNumber());
  }

  @Test
  void theBytesAreWhatTheFormatDraws() {
    FieldWriter fields = new FieldWriter();
    VersionEditCodec.encodeHeader(fields);
    VersionEditCodec.encode(new VersionEdit().remove(9).logStart(0x0102), fields);
    assertEquals(
        "80" + "08000000" + "0100000000000000"
            + "81" + "08000000" + "6279746577697365"
            + "84" + "08000000" + "0201000000000000"
            + "83" + "08000000" + "0900000000000000",
        HexFormat.of().formatHex(fields.segment().toArray(ValueLayout.JAVA_BYTE)));
  }

  @Test
  void unknownFieldsArePassedOverOrRefusedByTheirTag() throws IOException {
    FieldWriter fields = new FieldWriter();
    fields.putLong(99, 1);
    VersionEditCodec.encode(new VersionEdit().remove(9), fields);
    assertEquals(1, decode(fields).removed().getLongCardinality());
    fields.putLong(200, 1);
    FormatVersionException refusal =
        assertThrows(FormatVersionException.class, () -> decode(fields));
    String message = requireNonNull(refusal.getMessage());
    assertTrue(message.contains("200"), message);
  }

  @Test
  void otherFormatsAndOrdersOfKeysAreRefused() {
    FieldWriter format = new FieldWriter();
    format.putLong(ManifestFormat.FORMAT, 2);
    assertThrows(FormatVersionException.class, () -> decode(format));
    FieldWriter comparator = new FieldWriter();
    comparator.putBytes(ManifestFormat.COMPARATOR, segment("reverse"));
    assertThrows(FormatVersionException.class, () -> decode(comparator));
  }

  /// What a newer version will keep in these fields was read and then ignored: deleted keys would have
  /// come back, values been missed, or keys of two keyspaces mixed.
  @Test
  void tableThatNeedsWhatIsNotServedIsRefused() throws IOException {
    TableInfo plain = table(3, 2, "abc", "bcd");
    KeyBound open = new KeyBound(plain.largest().key(), plain.largest().tag(), true);
    List<TableInfo> tables =
        List.of(
            needing(2, plain.smallest(), plain.largest(), 0, 0, Long.MAX_VALUE, List.of()),
            needing(1, open, plain.largest(), 0, 0, Long.MAX_VALUE, List.of()),
            needing(1, plain.smallest(), open, 0, 0, Long.MAX_VALUE, List.of()),
            needing(1, plain.smallest(), plain.largest(), 7, 0, Long.MAX_VALUE, List.of()),
            needing(1, plain.smallest(), plain.largest(), 0, 1, Long.MAX_VALUE, List.of()),
            needing(1, plain.smallest(), plain.largest(), 0, 0, 1_000, List.of()),
            needing(1, plain.smallest(), plain.largest(), 0, 0, Long.MAX_VALUE, List.of(7L)));
    for (TableInfo table : tables) {
      FieldWriter fields = new FieldWriter();
      VersionEditCodec.encode(new VersionEdit().add(table), fields);
      FormatVersionException refusal =
          assertThrows(FormatVersionException.class, () -> decode(fields), table::toString);
      String message = requireNonNull(refusal.getMessage());
      assertTrue(message.contains("table 3 has " + table.unserved()), message);
    }
    assertNull(
        needing(1, plain.smallest(), plain.largest(), 0, 0, Long.MAX_VALUE, List.of()).unserved());
  }

  private static TableInfo needing(
      int keyspace,
      KeyBound smallest,
      KeyBound largest,
      long globalSequence,
      long rangeDeletions,
      long leastExpiry,
      List<Long> valueFiles) {
    return new TableInfo(
        3,
        4,
        8192,
        42,
        keyspace,
        2,
        smallest,
        largest,
        3,
        5,
        globalSequence,
        10,
        2,
        rangeDeletions,
        leastExpiry,
        valueFiles);
  }

  @Test
  void everyCutIsReported() {
    FieldWriter fields = new FieldWriter();
    VersionEditCodec.encode(new VersionEdit().add(table(3, 2, "abc", "bcd")), fields);
    MemorySegment whole = fields.segment();
    for (long length = 1; length < whole.byteSize(); length++) {
      MemorySegment cut = whole.asSlice(0, length);
      assertThrows(
          CorruptionException.class, () -> VersionEditCodec.decode("manifest", 0, cut));
    }
  }

  /// An edit whose checksum was right and whose numbers no store ever had was believed: opening then
  /// ended with an IllegalArgumentException, or made files that the next opening did not know.
  @Test
  void numbersThatNoStoreHasAreReported() {
    int[] tags = {
      ManifestFormat.LOG_START,
      ManifestFormat.DURABLE_MARK,
      ManifestFormat.NEXT_FILE,
      ManifestFormat.LAST_SEQUENCE,
      ManifestFormat.REMOVE_TABLE
    };
    for (int tag : tags) {
      for (long number : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
        FieldWriter fields = new FieldWriter();
        fields.putLong(tag, number);
        assertThrows(CorruptionException.class, () -> decode(fields), tag + " is " + number);
      }
    }
  }

  /// A name of a keyspace with bytes that are no UTF-8 was read with replacements, which are longer:
  /// the next manifest held a name beyond the limit, and the opening after it was refused.
  @Test
  void nameThatIsNoTextIsReported() {
    byte[] bytes = new byte[4 + 255];
    Arrays.fill(bytes, (byte) 0x8f);
    FieldWriter fields = new FieldWriter();
    fields.putBytes(ManifestFormat.KEYSPACE, MemorySegment.ofArray(bytes));
    assertThrows(CorruptionException.class, () -> decode(fields));
  }
}
