package dev.iobus.kv.version;

import static dev.iobus.kv.version.ManifestFormat.BOUND_EXCLUSIVE;
import static dev.iobus.kv.version.ManifestFormat.BOUND_KEY;
import static dev.iobus.kv.version.ManifestFormat.BOUND_TAG;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A [VersionEdit] as the bytes that [ManifestFormat] draws, and back. Stateless.
final class VersionEditCodec {

  /// No log comes near it, and sums of places in it do not overflow.
  private static final long LSN_MAX = Long.MAX_VALUE / 2;

  private VersionEditCodec() {}

  static void encodeHeader(FieldWriter into) {
    into.putLong(ManifestFormat.FORMAT, ManifestFormat.CURRENT_FORMAT);
    into.putBytes(ManifestFormat.COMPARATOR, utf8(ManifestFormat.BYTEWISE));
  }

  static void encode(VersionEdit edit, FieldWriter into) {
    putUnlessUnset(into, ManifestFormat.DURABLE_MARK, edit.durableMark());
    putUnlessUnset(into, ManifestFormat.LOG_START, edit.logStart());
    putUnlessUnset(into, ManifestFormat.NEXT_FILE, edit.nextFileNumber());
    putUnlessUnset(into, ManifestFormat.LAST_SEQUENCE, edit.lastSequence());
    for (Keyspace keyspace : edit.keyspaces()) {
      into.putBytes(ManifestFormat.KEYSPACE, encode(keyspace));
    }
    for (long number : edit.removed().toArray()) {
      into.putLong(ManifestFormat.REMOVE_TABLE, number);
    }
    for (TableInfo table : edit.added()) {
      into.putFields(ManifestFormat.ADD_TABLE, encode(table));
    }
  }

  /// Reads one edit. A format or an order of keys that this version does not know is refused.
  ///
  /// @param offset where the record begins in `file`
  static VersionEdit decode(String file, long offset, MemorySegment payload) throws IOException {
    VersionEdit edit = new VersionEdit();
    FieldReader fields = new FieldReader(file, offset, payload);
    while (fields.next()) {
      switch (fields.tag()) {
        case ManifestFormat.FORMAT -> checkFormat(fields);
        case ManifestFormat.COMPARATOR -> checkComparator(fields);
        case ManifestFormat.DURABLE_MARK -> edit.durableMark(fields.asLong(0, LSN_MAX));
        case ManifestFormat.LOG_START -> edit.logStart(fields.asLong(0, LSN_MAX));
        case ManifestFormat.NEXT_FILE ->
            edit.nextFileNumber(fields.asLong(0, FileNames.NUMBER_MAX));
        case ManifestFormat.LAST_SEQUENCE ->
            edit.lastSequence(fields.asLong(0, InternalKey.SEQUENCE_MAX));
        case ManifestFormat.KEYSPACE -> edit.add(decodeKeyspace(fields));
        case ManifestFormat.REMOVE_TABLE ->
            edit.remove(fields.asLong(0, FileNames.NUMBER_MAX));
        case ManifestFormat.ADD_TABLE -> edit.add(decodeTable(fields.asFields()));
        default -> fields.unknown();
      }
    }
    return edit;
  }

  private static void checkFormat(FieldReader fields) throws IOException {
    long format = fields.asLong();
    if (format != ManifestFormat.CURRENT_FORMAT) {
      throw fields.refusal(
          "the store has format "
              + format
              + ", this version reads and writes "
              + ManifestFormat.CURRENT_FORMAT
              + "; use the version that wrote it");
    }
  }

  private static void checkComparator(FieldReader fields) throws FormatVersionException {
    String comparator = text(fields.asBytes());
    if (!comparator.equals(ManifestFormat.BYTEWISE)) {
      throw fields.refusal(
          "keys are ordered by '" + comparator + "', this version knows only 'bytewise'");
    }
  }

  private static FieldWriter encode(TableInfo table) {
    FieldWriter fields = new FieldWriter();
    fields.putLong(ManifestFormat.TABLE_NUMBER, table.number());
    fields.putLong(ManifestFormat.FILE_ID, table.fileId());
    fields.putLong(ManifestFormat.SIZE, table.sizeBytes());
    fields.putLong(ManifestFormat.DIGEST, table.digest());
    fields.putLong(ManifestFormat.TABLE_KEYSPACE, table.keyspace());
    fields.putLong(ManifestFormat.LEVEL, table.level());
    fields.putBytes(ManifestFormat.SMALLEST, encode(table.smallest()));
    fields.putBytes(ManifestFormat.LARGEST, encode(table.largest()));
    fields.putLong(ManifestFormat.SMALLEST_SEQUENCE, table.smallestSequence());
    fields.putLong(ManifestFormat.LARGEST_SEQUENCE, table.largestSequence());
    fields.putLong(ManifestFormat.GLOBAL_SEQUENCE, table.globalSequence());
    fields.putLong(ManifestFormat.ENTRIES, table.entries());
    fields.putLong(ManifestFormat.DELETIONS, table.deletions());
    fields.putLong(ManifestFormat.RANGE_DELETIONS, table.rangeDeletions());
    fields.putLong(ManifestFormat.LEAST_EXPIRY, table.leastExpiry());
    for (long valueFile : table.valueFiles()) {
      fields.putLong(ManifestFormat.VALUE_FILE, valueFile);
    }
    return fields;
  }

  private static TableInfo decodeTable(FieldReader fields) throws IOException {
    long number = -1;
    long fileId = 0;
    long size = -1;
    long digest = 0;
    int keyspace = 0;
    int level = -1;
    @Nullable KeyBound smallest = null;
    @Nullable KeyBound largest = null;
    long smallestSequence = 0;
    long largestSequence = 0;
    long globalSequence = 0;
    long entries = 0;
    long deletions = 0;
    long rangeDeletions = 0;
    long leastExpiry = Long.MAX_VALUE;
    List<Long> valueFiles = new ArrayList<>();
    while (fields.next()) {
      switch (fields.tag()) {
        case ManifestFormat.TABLE_NUMBER -> number = fields.asLong(0, FileNames.NUMBER_MAX);
        case ManifestFormat.FILE_ID -> fileId = fields.asLong();
        case ManifestFormat.SIZE -> size = fields.asLong();
        case ManifestFormat.DIGEST -> digest = fields.asLong();
        case ManifestFormat.TABLE_KEYSPACE -> keyspace = fields.asInt(1, Integer.MAX_VALUE);
        case ManifestFormat.LEVEL -> level = fields.asInt(0, Version.LEVELS - 1);
        case ManifestFormat.SMALLEST -> smallest = decodeBound(fields);
        case ManifestFormat.LARGEST -> largest = decodeBound(fields);
        case ManifestFormat.SMALLEST_SEQUENCE -> smallestSequence = fields.asLong();
        case ManifestFormat.LARGEST_SEQUENCE -> largestSequence = fields.asLong();
        case ManifestFormat.GLOBAL_SEQUENCE -> globalSequence = fields.asLong();
        case ManifestFormat.ENTRIES -> entries = fields.asLong();
        case ManifestFormat.DELETIONS -> deletions = fields.asLong();
        case ManifestFormat.RANGE_DELETIONS -> rangeDeletions = fields.asLong();
        case ManifestFormat.LEAST_EXPIRY -> leastExpiry = fields.asLong();
        case ManifestFormat.VALUE_FILE -> valueFiles.add(fields.asLong());
        default -> fields.unknown();
      }
    }
    if (number < 0 || size < 0 || level < 0 || keyspace < 1) {
      throw fields.corruption("a table lacks its number, size, level or keyspace");
    }
    if (smallest == null || largest == null) {
      throw fields.corruption("table " + number + " lacks its key range");
    }
    TableInfo table =
        new TableInfo(
            number,
            fileId,
            size,
            digest,
            keyspace,
            level,
            smallest,
            largest,
            smallestSequence,
            largestSequence,
            globalSequence,
            entries,
            deletions,
            rangeDeletions,
            leastExpiry,
            valueFiles);
    String unserved = table.unserved();
    if (unserved != null) {
      throw fields.refusal(
          "table " + number + " has " + unserved
              + ", which this version does not serve; use the version that wrote it, or a newer one");
    }
    return table;
  }

  private static MemorySegment encode(KeyBound bound) {
    long keyLength = bound.key().byteSize();
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(BOUND_KEY + keyLength)]);
    Encoding.putLong(bytes, BOUND_TAG, bound.tag());
    Encoding.putByte(bytes, BOUND_EXCLUSIVE, bound.exclusive() ? 1 : 0);
    MemorySegment.copy(bound.key(), 0, bytes, BOUND_KEY, keyLength);
    return bytes;
  }

  private static KeyBound decodeBound(FieldReader fields) throws CorruptionException {
    MemorySegment bytes = fields.asBytes();
    if (bytes.byteSize() < BOUND_KEY) {
      throw fields.corruption("a key bound has " + bytes.byteSize() + " bytes, at least 9 expected");
    }
    int exclusive = Encoding.getByte(bytes, BOUND_EXCLUSIVE);
    if (exclusive != 0 && exclusive != 1) {
      throw fields.corruption("a key bound's exclusive flag is " + exclusive);
    }
    KeyBound bound = KeyBound.inclusive(bytes.asSlice(BOUND_KEY), Encoding.getLong(bytes, BOUND_TAG));
    return new KeyBound(bound.key(), bound.tag(), exclusive == 1);
  }

  private static MemorySegment encode(Keyspace keyspace) {
    MemorySegment name = utf8(keyspace.name());
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(4 + name.byteSize())]);
    Encoding.putInt(bytes, 0, keyspace.id());
    MemorySegment.copy(name, 0, bytes, 4, name.byteSize());
    return bytes;
  }

  private static Keyspace decodeKeyspace(FieldReader fields) throws CorruptionException {
    MemorySegment bytes = fields.asBytes();
    if (bytes.byteSize() < 5 || bytes.byteSize() > 4 + 255) {
      throw fields.corruption("a keyspace has " + bytes.byteSize() + " bytes, expected 5 to 259");
    }
    try {
      // Strictly: with replacements the name would be longer when it is written again.
      ByteBuffer name = bytes.asSlice(4).asByteBuffer();
      return new Keyspace(
          Encoding.getInt(bytes, 0), StandardCharsets.UTF_8.newDecoder().decode(name).toString());
    } catch (CharacterCodingException e) {
      throw fields.corruption("a keyspace's name is no UTF-8");
    }
  }

  private static void putUnlessUnset(FieldWriter into, int tag, long value) {
    if (value != VersionEdit.UNSET) {
      into.putLong(tag, value);
    }
  }

  private static MemorySegment utf8(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}
