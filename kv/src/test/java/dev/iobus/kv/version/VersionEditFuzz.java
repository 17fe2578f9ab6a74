package dev.iobus.kv.version;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// An edit of the manifest: decoded and applied, and what it says encoded and decoded again.
public final class VersionEditFuzz implements FuzzTarget {

  private static final VersionEditFuzz SELF = new VersionEditFuzz();

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  @Override
  public void run(byte[] input) throws IOException {
    ManifestState state = ManifestState.empty();
    try {
      state.apply(decode(MemorySegment.ofArray(input)), "fuzz", 48);
    } catch (CorruptionException | FormatVersionException refused) {
      assert String.valueOf(refused.getMessage()).startsWith("fuzz");
      return;
    }
    assert state.logStart() >= 0 && state.durableMark() >= 0;
    assert state.lastSequence() >= 0 && state.lastSequence() <= InternalKey.SEQUENCE_MAX;
    assert FileNames.numberOf(FileKind.SSTABLE, FileNames.table(state.nextFileNumber())) > 0;
    ManifestState again = new ManifestState();
    for (VersionEdit edit : state.asEdits()) {
      FieldWriter fields = new FieldWriter();
      VersionEditCodec.encode(edit, fields);
      again.apply(decode(fields.segment()), "fuzz", 48);
    }
    assert List.copyOf(again.tables()).equals(List.copyOf(state.tables()));
    assert again.logStart() == state.logStart() && again.lastSequence() == state.lastSequence();
    for (TableInfo table : state.tables()) {
      assert table.fileName().startsWith("table-");
    }
  }

  private static VersionEdit decode(MemorySegment payload) throws IOException {
    return VersionEditCodec.decode("fuzz", 48, payload);
  }

  @Override
  public List<byte[]> seeds() {
    FieldWriter first = new FieldWriter();
    VersionEditCodec.encodeHeader(first);
    VersionEditCodec.encode(ManifestState.empty().asEdits().getFirst(), first);
    FieldWriter second = new FieldWriter();
    KeyBound bound = KeyBound.inclusive(MemorySegment.ofArray(new byte[] {1, 2}), 256);
    TableInfo table =
        new TableInfo(
            3, 4, 8192, 5, 1, 2, bound, bound, 1, 9, 0, 9, 1, 0, Long.MAX_VALUE, List.of());
    VersionEditCodec.encode(
        new VersionEdit().add(table).logStart(4096).durableMark(4096).lastSequence(9), second);
    return List.of(
        first.segment().toArray(ValueLayout.JAVA_BYTE),
        second.segment().toArray(ValueLayout.JAVA_BYTE));
  }
}
