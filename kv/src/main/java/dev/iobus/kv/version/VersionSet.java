package dev.iobus.kv.version;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.FrameFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/// The versions that are alive, the manifest that leads from one to the next, and the numbers of
/// new files.
///
/// Edits are logged one after the other under [#editLock()], which is held while the manifest is
/// written. What the owner's lock guards is said at each method.
public final class VersionSet implements AutoCloseable {

  /// A manifest that has grown past this, and past four times what it began with, is written anew.
  private static final long MANIFEST_BYTES_MAX = 4L << 20;

  /// One that could not be written anew grows by so much before that is tried again.
  private static final long RETRY_BYTES = 256L << 10;

  private final DataDirectory directory;
  private final FileNumbers numbers;
  private final MemoryBudget.Account memory;
  private final Scheduler.Lock editLock;

  // Guarded by the edit lock.
  private final ManifestState state;
  private Manifest manifest;
  private long writeAnewAbove;

  // Guarded by the owner's lock.
  private Version current;
  private final List<Live> live = new ArrayList<>();
  private List<Table> obsolete = new ArrayList<>();

  /// A version that somebody holds.
  private static final class Live {

    final Version version;
    int holds;

    Live(Version version) {
      this.version = version;
    }
  }

  private VersionSet(
      DataDirectory directory,
      Scheduler scheduler,
      FileNumbers numbers,
      MemoryBudget.Account memory,
      ManifestState state,
      Manifest manifest,
      Version current) {
    this.directory = directory;
    this.numbers = numbers;
    this.memory = memory;
    this.editLock = scheduler.newLock();
    this.state = state;
    this.manifest = manifest;
    this.writeAnewAbove = limitOf(manifest);
    this.current = current;
  }

  /// What the account of a set must be sure of, on a device with that block size, in bytes: two
  /// manifests, while one is written anew.
  public static long floorBytes(int blockSize) {
    return 2L * FrameFile.bytesFor(blockSize);
  }

  /// What the newest manifest among `names` says, or null when there is none.
  ///
  /// @throws dev.iobus.storage.file.CorruptionException when acknowledged bytes of it are damaged
  public static @Nullable ManifestState read(
      DataDirectory directory, List<String> names, MemoryBudget.Account memory)
      throws IOException {
    long number = Manifest.newest(names);
    return number < 0 ? null : Manifest.read(directory, number, memory);
  }

  /// Makes a directory without a manifest a store without entries.
  public static ManifestState initialize(
      DataDirectory directory, Scheduler scheduler, MemoryBudget.Account memory)
      throws IOException {
    ManifestState state = ManifestState.empty();
    Manifest.create(directory, 1, FileNumbers.newFileId(scheduler), state, memory).close();
    return state;
  }

  /// Begins to change what a manifest says, with a new manifest that holds it and `edit` besides.
  ///
  /// @param names what the directory held before
  /// @param numbers for the new manifest and all files after it
  /// @param tables all tables of the state after the edit, open
  /// @param memory closed with the set
  public static VersionSet open(
      DataDirectory directory,
      Scheduler scheduler,
      List<String> names,
      ManifestState state,
      VersionEdit edit,
      FileNumbers numbers,
      List<Table> tables,
      MemoryBudget.Account memory)
      throws IOException {
    long number = Manifest.newest(names) + 1;
    state.apply(edit.nextFileNumber(numbers.next()), directory.path().toString(), 0);
    Version version = version(tables, directory.path().resolve(FileNames.manifest(number - 1)));
    Manifest manifest = Manifest.create(directory, number, numbers.newFileId(), state, memory);
    return new VersionSet(directory, scheduler, numbers, memory, state, manifest, version);
  }

  private static Version version(List<Table> tables, Path manifest) throws CorruptionException {
    try {
      return new Version(tables);
    } catch (IllegalStateException overlap) {
      // The tables are as the manifest says, and no version that was ever logged was so.
      String detail = String.valueOf(overlap.getMessage());
      throw new CorruptionException(manifest.toString(), 0, detail);
    }
  }

  /// Held while an edit is made and logged. Taken before the owner's lock.
  public Scheduler.Lock editLock() {
    return editLock;
  }

  /// The newest version. Needs the owner's lock.
  public Version current() {
    return current;
  }

  /// Logs an edit to the current version and returns the version after it, which the caller makes
  /// current with [#install]. When this returns the edit is durable, and what it makes obsolete may
  /// be deleted. Needs the edit lock, not the owner's.
  ///
  /// @param opened the tables that the edit adds
  public Version log(VersionEdit edit, List<Table> opened) throws IOException {
    assert editLock.isHeldByCurrentTask() : "edits are logged one after the other";
    // Only the holder of the edit lock changes it, so it can be read here without the other lock.
    Version next = current.apply(edit, opened);
    edit.nextFileNumber(numbers.next());
    manifest.append(edit);
    state.apply(edit, directory.path().toString(), manifest.sizeBytes());
    if (manifest.sizeBytes() > writeAnewAbove) {
      writeAnew();
    }
    return next;
  }

  /// Notes that the log is on stable storage below `lsn`, so that a later opening misses what is gone
  /// of it. Nothing else depends on the note: where the disk has no room for it, or fails, there is
  /// none. Nothing is logged after it. Needs the edit lock.
  public void noteDurable(long lsn) {
    if (lsn > state.durableMark()) {
      try {
        manifest.note(new VersionEdit().durableMark(lsn));
      } catch (IOException unnoted) {
        // The log is whole and durable all the same, and the next opening reads it to its end. What is
        // lost is that a last file of it that is gone by then would be missed.
      }
    }
  }

  private static long limitOf(Manifest begun) {
    return Math.max(MANIFEST_BYTES_MAX, 4 * begun.sizeBytes());
  }

  /// The edit is durable before this, and stays so where there is no room for a second manifest, or
  /// no memory: the first one goes on growing then.
  private void writeAnew() throws IOException {
    long number = manifest.number();
    Manifest anew;
    try {
      anew = Manifest.write(directory, number + 1, numbers.newFileId(), state, memory);
    } catch (IOException e) {
      writeAnewAbove = manifest.sizeBytes() + RETRY_BYTES;
      removeUnfinished(FileNames.temporaryManifest(number + 1), e);
      return;
    }
    Manifest before = manifest;
    manifest = anew;
    writeAnewAbove = limitOf(anew);
    try {
      anew.install(directory);
    } finally {
      before.close();
    }
    directory.delete(FileNames.manifest(number));
  }

  private void removeUnfinished(String temporary, IOException cause) {
    try {
      if (directory.list().contains(temporary)) {
        directory.delete(temporary);
      }
    } catch (IOException e) {
      // The next attempt, or the next opening, deletes it.
      cause.addSuppressed(e);
    }
  }

  /// Makes the version current that [#log] returned. Needs both locks.
  public void install(Version version) {
    current = version;
  }

  /// Takes a hold of a version. Needs the owner's lock.
  public void retain(Version version) {
    for (Live one : live) {
      if (one.version == version) {
        one.holds++;
        return;
      }
    }
    Live one = new Live(version);
    one.holds = 1;
    live.add(one);
  }

  /// Gives a hold up. Tables that were only in this version are obsolete with the last. Needs the
  /// owner's lock.
  public void release(Version version) {
    for (int i = 0; i < live.size(); i++) {
      Live one = live.get(i);
      if (one.version == version) {
        if (--one.holds == 0) {
          live.remove(i);
          collectObsolete(version);
        }
        return;
      }
    }
    throw new AssertionError("a version was released that nobody holds");
  }

  private void collectObsolete(Version dead) {
    Roaring64Bitmap gone = new Roaring64Bitmap();
    gone.or(dead.numbers());
    gone.andNot(current.numbers());
    for (Live one : live) {
      gone.andNot(one.version.numbers());
    }
    for (int level = 0; level < Version.LEVELS; level++) {
      for (Table table : dead.level(level)) {
        if (gone.contains(table.info().number())) {
          obsolete.add(table);
        }
      }
    }
  }

  /// The tables that nobody reads any more and the manifest does not name: the caller closes and
  /// deletes them. Needs the owner's lock.
  public List<Table> takeObsolete() {
    List<Table> taken = obsolete;
    obsolete = new ArrayList<>();
    return taken;
  }

  /// The files among `names` that this library made and nothing refers to. Needs no lock, before
  /// the first edit.
  public List<String> orphans(List<String> names) {
    List<String> orphans = new ArrayList<>();
    for (String name : names) {
      long table = FileNames.numberOf(FileKind.SSTABLE, name);
      long other = FileNames.numberOf(FileKind.MANIFEST, name);
      boolean deadTable = table >= 0 && !current.numbers().contains(table);
      boolean oldManifest = other >= 0 && other < manifest.number();
      if (deadTable || oldManifest || FileNames.isTemporaryManifest(name)) {
        orphans.add(name);
      }
    }
    return orphans;
  }

  /// Reads the manifest back from the disk and checks every frame. Needs the edit lock.
  public void verifyManifest() throws IOException {
    manifest.verify(directory, memory);
  }

  public long manifestBytes() {
    return manifest.sizeBytes();
  }

  /// Closes the manifest. The tables are the caller's to close.
  @Override
  public void close() throws IOException {
    try {
      manifest.close();
    } finally {
      memory.close();
    }
  }
}
