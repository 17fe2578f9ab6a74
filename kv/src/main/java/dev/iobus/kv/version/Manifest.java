package dev.iobus.kv.version;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.FrameFile;
import dev.iobus.storage.wal.WalTail;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The log of edits: which tables there are, and from where on the log is needed. Confined to who
/// holds the edit lock.
///
/// Each opening of a store writes a new manifest whole under a temporary name, syncs it, renames it
/// to `manifest-<number>` and syncs the directory. The final name with the largest number is the
/// one that counts; older ones are deleted after that.
public final class Manifest implements AutoCloseable {

  private final FrameFile frames;
  private final long number;

  private Manifest(FrameFile frames, long number) {
    this.frames = frames;
    this.number = number;
  }

  /// The number of the manifest that counts among `names`, or −1 when there is none.
  static long newest(List<String> names) {
    long newest = -1;
    for (String name : names) {
      newest = Math.max(newest, FileNames.numberOf(FileKind.MANIFEST, name));
    }
    return newest;
  }

  /// Reads the manifest of that number.
  ///
  /// @throws CorruptionException when acknowledged bytes of it are damaged
  static ManifestState read(DataDirectory directory, long number, MemoryBudget.Account memory)
      throws IOException {
    ManifestState state = new ManifestState();
    read(directory, number, memory, state);
    return state;
  }

  /// Returns where it ends.
  private static long read(
      DataDirectory directory, long number, MemoryBudget.Account memory, ManifestState state)
      throws IOException {
    String name = FileNames.manifest(number);
    String path = directory.path().resolve(name).toString();
    WalTail tail =
        FrameFile.read(
            directory,
            name,
            FileKind.MANIFEST,
            memory,
            (lsn, end, payload) ->
                state.apply(VersionEditCodec.decode(path, lsn, payload), path, lsn));
    switch (tail) {
      case WalTail.Clean clean -> {}
      case WalTail.Torn torn -> {}
      case WalTail.Corrupt corrupt ->
          throw new CorruptionException(
              corrupt.file(),
              corrupt.offset(),
              "no valid edit here, but the manifest was durable up to " + corrupt.durableMark());
    }
    if (state.isEmpty()) {
      throw new CorruptionException(path, 0, "the manifest does not hold its first edit");
    }
    return tail.at();
  }

  /// Reads it back from the disk and checks every frame.
  ///
  /// @throws CorruptionException when one of them is damaged, the last mark included
  void verify(DataDirectory directory, MemoryBudget.Account memory) throws IOException {
    long end = read(directory, number, memory, new ManifestState());
    if (end < frames.durableMark()) {
      throw new CorruptionException(
          directory.path().resolve(FileNames.manifest(number)).toString(),
          directory.blockSize() + end,
          "the manifest ends at " + end + ", but was written up to " + frames.durableMark());
    }
  }

  /// Writes a manifest that says `state`, and makes it the one that counts.
  ///
  /// @param number above that of any manifest before
  /// @param fileId random
  static Manifest create(
      DataDirectory directory,
      long number,
      long fileId,
      ManifestState state,
      MemoryBudget.Account memory)
      throws IOException {
    Manifest manifest = write(directory, number, fileId, state, memory);
    try {
      manifest.install(directory);
      return manifest;
    } catch (Throwable t) {
      closeAfter(manifest.frames, t);
      throw t;
    }
  }

  /// Writes a manifest that says `state` under a temporary name: nothing has changed when this
  /// fails.
  ///
  /// @param number above that of any manifest before
  /// @param fileId random
  static Manifest write(
      DataDirectory directory,
      long number,
      long fileId,
      ManifestState state,
      MemoryBudget.Account memory)
      throws IOException {
    String temporary = FileNames.temporaryManifest(number);
    if (directory.list().contains(temporary)) {
      // Left by a process that ended while it wrote it; nothing refers to it.
      directory.delete(temporary);
    }
    FrameFile frames = FrameFile.create(directory, temporary, FileKind.MANIFEST, fileId, memory);
    @Nullable Throwable failure = null;
    try {
      FieldWriter fields = new FieldWriter();
      VersionEditCodec.encodeHeader(fields);
      for (VersionEdit edit : state.asEdits()) {
        VersionEditCodec.encode(edit, fields);
        frames.append(fields.segment());
        fields = new FieldWriter();
      }
      frames.mark();
      return new Manifest(frames, number);
    } catch (Throwable t) {
      failure = t;
      throw t;
    } finally {
      if (failure != null) {
        closeAfter(frames, failure);
      }
    }
  }

  /// Makes it the one that counts. When this fails it is unknown which one does.
  void install(DataDirectory directory) throws IOException {
    directory.rename(FileNames.temporaryManifest(number), FileNames.manifest(number));
    directory.sync();
  }

  private static void closeAfter(FrameFile frames, Throwable failure) {
    try {
      frames.close();
    } catch (IOException | RuntimeException suppressed) {
      failure.addSuppressed(suppressed);
    }
  }

  /// Appends an edit. When it returns the edit is durable, and a later reader that does not find it
  /// knows that the manifest is damaged: what the edit makes obsolete may be deleted.
  void append(VersionEdit edit) throws IOException {
    note(edit);
    frames.mark();
  }

  /// As [#append], for an edit that makes nothing obsolete: where it is damaged, it never was there.
  void note(VersionEdit edit) throws IOException {
    FieldWriter fields = new FieldWriter();
    VersionEditCodec.encode(edit, fields);
    frames.append(fields.segment());
  }

  long number() {
    return number;
  }

  long sizeBytes() {
    return frames.size();
  }

  @Override
  public void close() throws IOException {
    frames.close();
  }
}
