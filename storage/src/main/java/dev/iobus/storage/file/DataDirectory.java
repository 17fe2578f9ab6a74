package dev.iobus.storage.file;

import dev.iobus.BusException;
import dev.iobus.FileSystemFacts;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One directory of a store: opened once by its real path, locked until it is closed, its files
/// made and found by generated names.
///
/// The directory is created with mode 0700 if it is absent, its files with 0600. Nothing here
/// writes a [FileHeader] or syncs a new file: who creates a file writes and syncs it, then calls
/// [#sync()], then refers to it. Files that were opened are closed before the directory is. Logs,
/// manifests and page files [claim][#claim] what they write: each can be open once at a time.
/// Thread-safe.
public final class DataDirectory implements AutoCloseable {

  /// Says whether a directory may be opened, by the files that are in it.
  @FunctionalInterface
  public interface NameCheck {

    /// Returns when it may.
    ///
    /// @param directory the real path
    /// @param names of all files but those of [DataDirectory] itself, in ascending order
    /// @throws IOException when it may not
    void check(Path directory, List<String> names) throws IOException;
  }

  private static final int BLOCK_BYTES_MIN = 4096;

  private final SharedBus bus;
  private final Path path;
  private final DirectoryLock lock;
  private final OpenFile self;
  private final int directAlignment;
  private final int blockSize;
  private final boolean copyOnWrite;

  private final DirectoryClaims claims;

  /// The first failed sync of the directory; final, as for a file.
  private volatile @Nullable IOException syncFailure;

  private DataDirectory(
      SharedBus bus, Path path, DirectoryLock lock, OpenFile self, int directAlignment) {
    FileSystemFacts facts = bus.host().fileSystem(path);
    this.bus = bus;
    this.path = path;
    this.claims = new DirectoryClaims(path);
    this.lock = lock;
    this.self = self;
    this.directAlignment = directAlignment;
    this.blockSize =
        Math.max(BLOCK_BYTES_MIN, Math.max(directAlignment, facts.physicalBlockBytes()));
    this.copyOnWrite = facts.isCopyOnWrite();
  }

  /// Opens a directory and takes its lock; creates it (one level) if it is absent. Waits up to 5 s
  /// for a lock whose recorded process is gone.
  ///
  /// @param path may be relative or lead through symbolic links; it is resolved once, here
  /// @throws DirectoryLockedException at once when a live process, or this JVM, has it open
  /// @throws IOException when it cannot be created, is no directory, or cannot be written, or when
  ///     its file `lock` is somebody else's; nothing is left open then
  public static DataDirectory open(SharedBus bus, Path path) throws IOException {
    return open(bus, path, (directory, names) -> {});
  }

  /// As above, for who must not touch a directory of somebody else's.
  ///
  /// @param check asked before anything in the directory is changed, and again under the lock: what
  ///     it throws ends the opening. The first time another process may be at work there, and files
  ///     be seen that it has deleted since, or not be seen that it has just made or renamed
  public static DataDirectory open(SharedBus bus, Path path, NameCheck check) throws IOException {
    Path real = createAndResolve(bus, path);
    check.check(real, namesOfOthers(bus.list(real)));
    DirectoryLock lock = DirectoryLock.acquire(bus, real);
    try {
      return openLocked(bus, real, check, lock);
    } catch (IOException | RuntimeException | Error e) {
      try {
        lock.close();
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static Path createAndResolve(SharedBus bus, Path path) throws IOException {
    boolean made = true;
    try {
      bus.createDirectory(path);
    } catch (BusException e) {
      if (!e.errnoName().equals("EEXIST")) {
        throw e;
      }
      made = false;
    }
    Path real = bus.realPath(path);
    Path parent = real.getParent();
    if (parent != null && (made || bus.list(real).isEmpty())) {
      syncEntry(bus, parent, made);
    }
    return real;
  }

  /// Makes a new name durable, which is an entry of the parent. Whoever made an empty directory may
  /// have ended before doing so; later nobody would.
  private static void syncEntry(SharedBus bus, Path parent, boolean made) throws IOException {
    OpenFile directory;
    try {
      directory = bus.open(parent, OpenFlag.READ, OpenFlag.DIRECTORY);
    } catch (BusException e) {
      if (!made && e.errnoName().equals("EACCES")) {
        // Somebody else made it for us, and has it where we may not look.
        return;
      }
      throw e;
    }
    try {
      bus.sync(directory);
    } finally {
      bus.close(directory);
    }
  }

  /// All but the directory's own, in ascending order.
  private static List<String> namesOfOthers(List<String> names) {
    return names.stream().filter(name -> !isOwn(name)).sorted().toList();
  }

  private static boolean isOwn(String name) {
    return name.equals(DirectoryLock.FILE_NAME) || DirectProbe.isName(name);
  }

  private static DataDirectory openLocked(
      SharedBus bus, Path real, NameCheck check, DirectoryLock lock) throws IOException {
    List<String> names = bus.list(real);
    check.check(real, namesOfOthers(names));
    DirectProbe.removeLeftovers(bus, real, names);
    OpenFile self = bus.open(real, OpenFlag.READ, OpenFlag.DIRECTORY);
    try {
      return new DataDirectory(bus, real, lock, self, DirectProbe.alignment(bus, real));
    } catch (IOException | RuntimeException | Error e) {
      try {
        bus.close(self);
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /// The bus that all files of this directory use.
  public SharedBus bus() {
    return bus;
  }

  /// The real path.
  public Path path() {
    return path;
  }

  /// What addresses, offsets and lengths of direct transfers must be a multiple of: a power of
  /// two; 0 when direct transfers do not work here.
  public int directAlignment() {
    return directAlignment;
  }

  /// The unit that a log must not write twice, in bytes: the largest of 4 KiB, the direct
  /// alignment and the device's physical block; a power of two.
  public int blockSize() {
    return blockSize;
  }

  /// Whether the file system writes overwritten blocks elsewhere (btrfs, zfs, bcachefs).
  public boolean isCopyOnWrite() {
    return copyOnWrite;
  }

  /// Makes the caller the only owner of a name here, until the claim is closed: of a log, for one,
  /// whose files have more names than one.
  ///
  /// @param name what is owned, and of what kind it is: `log wal`; for messages, too
  /// @throws IllegalStateException when it has an owner, or the directory is closed
  public Claim claim(String name) {
    return claims.claim(name, name);
  }

  /// Creates an empty file for reading and writing; fails when the name is taken.
  ///
  /// @param direct a wish: honoured when [#directAlignment()] is above 0
  public DataFile create(String name, boolean direct) throws IOException {
    List<OpenFlag> flags = flags(direct);
    flags.add(OpenFlag.READ);
    flags.add(OpenFlag.WRITE);
    flags.add(OpenFlag.CREATE);
    flags.add(OpenFlag.EXCLUSIVE);
    return openFile(name, flags);
  }

  /// Opens a file that exists and is neither a directory nor a symbolic link.
  ///
  /// @param direct a wish: honoured when [#directAlignment()] is above 0
  /// @param access [OpenFlag#READ], or [OpenFlag#WRITE] for reading and writing
  public DataFile open(String name, boolean direct, OpenFlag access) throws IOException {
    if (access != OpenFlag.READ && access != OpenFlag.WRITE) {
      throw new IllegalArgumentException("access " + access + " is neither READ nor WRITE");
    }
    List<OpenFlag> flags = flags(direct);
    flags.add(OpenFlag.READ);
    if (access == OpenFlag.WRITE) {
      flags.add(OpenFlag.WRITE);
    }
    return openFile(name, flags);
  }

  private List<OpenFlag> flags(boolean direct) {
    List<OpenFlag> flags = new ArrayList<>();
    flags.add(OpenFlag.NO_FOLLOW);
    if (direct && directAlignment > 0) {
      flags.add(OpenFlag.DIRECT);
    }
    return flags;
  }

  private DataFile openFile(String name, List<OpenFlag> flags) throws IOException {
    Path file = resolve(name);
    OpenFile open = bus.open(file, flags.toArray(OpenFlag[]::new));
    try {
      if (bus.stat(open).directory()) {
        throw new IOException(file + " is a directory, expected a file");
      }
      return new DataFile(bus, name, open, claims);
    } catch (IOException | RuntimeException | Error e) {
      try {
        bus.close(open);
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /// Gives a file another name, replacing a file that has it. Durable after [#sync()].
  public void rename(String from, String to) throws IOException {
    Path source = resolve(from);
    bus.rename(source, resolve(to));
  }

  /// Removes a file. Durable after [#sync()].
  public void delete(String name) throws IOException {
    bus.unlink(resolve(name));
  }

  /// All names in the directory but its own, in ascending order; also those that this class would
  /// not touch.
  public List<String> list() throws IOException {
    claims.requireOpen();
    return namesOfOthers(bus.list(path));
  }

  /// Makes creations, renames and deletions durable. A failure is final: every later call fails
  /// with it as cause.
  public void sync() throws IOException {
    claims.requireOpen();
    IOException failure = syncFailure;
    if (failure != null) {
      throw new IOException("sync " + path + ": an earlier sync of the directory failed", failure);
    }
    try {
      bus.sync(self);
    } catch (IOException e) {
      syncFailure = e;
      throw e;
    }
  }

  /// Gives the lock back; the second call does nothing. Files must be closed before.
  ///
  /// @throws IllegalStateException when a log, a manifest or a page file is still open here, or
  ///     another claim: the lock is kept then; close what the message names and call again
  @Override
  public void close() throws IOException {
    if (!claims.close()) {
      return;
    }
    try {
      bus.close(self);
    } finally {
      lock.close();
    }
  }

  private Path resolve(String name) {
    claims.requireOpen();
    FileName.check(name);
    if (isOwn(name)) {
      throw new IllegalArgumentException("the name " + name + " is the directory's own");
    }
    return path.resolve(name);
  }

  @Override
  public String toString() {
    return "DataDirectory[" + path + (claims.isClosed() ? ", closed]" : "]");
  }
}
