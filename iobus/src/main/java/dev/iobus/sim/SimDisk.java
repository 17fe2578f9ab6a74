package dev.iobus.sim;

import dev.iobus.FileSystemFacts;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A disk in memory that keeps what is live and what is durable apart, so that it can say at any
/// moment what a loss of power would leave.
///
/// ```java
/// SimDisk disk = new SimDisk();
/// disk.createDirectories(Path.of("/data"));
/// // … a bus writes to it, see SimScheduler …
/// SimDisk after = disk.crash(seed); // what is there when power is back
/// byte[] bytes = after.read(Path.of("/data/log"));
/// ```
///
/// It is as strict as a disk may be, and never kinder:
/// - each sector of 512 bytes that was written and not synced is there after a crash, or is not,
///   or is there in an older version: whatever was written before or after it, in any file;
/// - the length of a file becomes durable apart from its bytes;
/// - a name becomes durable with its directory, not with its file;
/// - a durable write (DSYNC) makes its own bytes durable and no others;
/// - a sync that fails has marked what it lost as clean: reads go on to show it until
///   [#dropCaches()], and the next sync succeeds without having written it; names it has not made
///   durable wait for the next sync;
/// - a write that had not ended may be there in part, and leave garbage in a sector.
///
/// What is written to a symbolic link, of an owner or a time is durable at once.
///
/// Confined to one thread at a time: to the task that runs, while a [SimScheduler] runs.
public final class SimDisk {

  private final SimDirectory root;
  private final SimNames names;
  private final NameJournal journal = new NameJournal();
  private final List<InFlightWrite> inFlight = new ArrayList<>();
  private long lastInode;
  private long capacity = Long.MAX_VALUE;
  private FileSystemFacts fileSystem = new FileSystemFacts("simulated", Sector.BYTES);
  private int directAlignment = Sector.BYTES;
  private RandomGenerator random = new SplittableRandom(0);

  /// An empty disk without an end.
  public SimDisk() {
    this(1);
  }

  private SimDisk(long lastInode) {
    this.lastInode = lastInode;
    root = new SimDirectory(1);
    names = new SimNames(root);
  }

  // For whoever sets up and looks.

  /// Creates a directory and those above it, durably: as if it had always been there.
  public void createDirectories(Path path) {
    SimDirectory directory = root;
    for (Path part : path.normalize()) {
      String name = part.toString();
      SimNode next = directory.get(name);
      if (next == null) {
        next = new SimDirectory(++lastInode);
        directory.live().put(name, next);
        directory.durable().put(name, next);
      }
      if (!(next instanceof SimDirectory below)) {
        throw new IllegalArgumentException(path + " leads through a file");
      }
      directory = below;
    }
  }

  /// Gives a file these bytes, durably: as if it had always been there. Its directory must exist.
  public void write(Path path, byte[] content) throws IOException {
    try {
      SimNames.Place place = names.place(path, true);
      SimFile file = new SimFile(++lastInode);
      file.write(0, content, 0, content.length, SimFile.Way.DURABLE);
      file.sync();
      place.directory().live().put(place.name(), file);
      place.directory().durable().put(place.name(), file);
    } catch (SimErrno e) {
      throw failed(path, e);
    }
  }

  /// Gives a path a second name that leads to it, durably.
  public void createSymbolicLink(Path link, Path target) throws IOException {
    try {
      SimNames.Place place = names.place(link, false);
      SimNode node = new SimSymbolicLink(++lastInode, target);
      place.directory().live().put(place.name(), node);
      place.directory().durable().put(place.name(), node);
    } catch (SimErrno e) {
      throw failed(link, e);
    }
  }

  /// The live bytes of a file, as a read through the page cache sees them.
  public byte[] read(Path path) throws IOException {
    SimFile file = file(path);
    byte[] content = new byte[(int) file.length()];
    file.read(0, content, 0, content.length, false);
    return content;
  }

  /// The live names in a directory, sorted.
  public List<String> list(Path directory) throws IOException {
    try {
      if (names.find(directory, true) instanceof SimDirectory found) {
        return List.copyOf(found.live().keySet());
      }
      throw new SimErrno(Errno.ENOTDIR);
    } catch (SimErrno e) {
      throw failed(directory, e);
    }
  }

  /// Whether a live name is there; a symbolic link is followed.
  public boolean exists(Path path) {
    try {
      names.find(path, true);
      return true;
    } catch (SimErrno e) {
      return false;
    }
  }

  /// The number of a file or directory, the same under all its names.
  public long inode(Path path) throws IOException {
    try {
      return names.find(path, true).inode();
    } catch (SimErrno e) {
      throw failed(path, e);
    }
  }

  /// Limits the space: a write that would make all files together longer fails with ENOSPC.
  ///
  /// @param bytes at least 0
  public void limitCapacity(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("capacity " + bytes + " is negative");
    }
    capacity = bytes;
  }

  /// Says what its file system is, and its device's unit: by itself `simulated`, with 512 bytes for both
  /// numbers. That changes what the host says of it and which transfers it refuses, and nothing else: sectors
  /// have 512 bytes still, each with a fate of its own.
  ///
  /// @param directAlignment what direct transfers must be a multiple of: a power of two, at least 512; 0
  ///     where files cannot be opened for them
  public void setFileSystem(FileSystemFacts facts, int directAlignment) {
    boolean isGrid = Integer.bitCount(directAlignment) == 1 && directAlignment >= Sector.BYTES;
    if (directAlignment != 0 && !isGrid) {
      throw new IllegalArgumentException(
          "direct alignment " + directAlignment + " is neither 0 nor a power of two from 512 on");
    }
    fileSystem = facts;
    this.directAlignment = directAlignment;
  }

  FileSystemFacts fileSystem() {
    return fileSystem;
  }

  int directAlignment() {
    return directAlignment;
  }

  /// What is there after power was lost now. This disk stays as it is, so that many crashes of one
  /// moment can be looked at.
  ///
  /// @param seed decides what is kept of all that was not durable
  public SimDisk crash(long seed) {
    return crash(new CrashChoice(new SplittableRandom(seed)));
  }

  /// As [#crash(long)], with a say in how much is kept of what was not durable.
  ///
  /// @param keepPercent of the changes, on average: 0 leaves what was durable alone, 100 loses none
  ///     but those of writes that had not ended
  public SimDisk crash(long seed, int keepPercent) {
    if (keepPercent < 0 || keepPercent > 100) {
      throw new IllegalArgumentException("keepPercent " + keepPercent + " is not in 0 to 100");
    }
    return crash(new CrashChoice(new SplittableRandom(seed), keepPercent));
  }

  private SimDisk crash(CrashChoice choice) {
    SimDisk after = new SimDisk(lastInode);
    after.capacity = capacity;
    after.setFileSystem(fileSystem, directAlignment);
    NameJournal.Survivors kept = journal.survivors(choice);
    new NodeCopies(file -> file.afterCrash(choice, inFlight))
        .copySurvivors(root, after.root, kept);
    return after;
  }

  /// What is there when the process ends now, in the middle of whatever it does, and power stays on:
  /// what it has written, durable or not; of its writes in flight some sectors. This disk stays as
  /// it is.
  ///
  /// @param seed decides what becomes of the writes in flight
  public SimDisk kill(long seed) {
    CrashChoice choice = new CrashChoice(new SplittableRandom(seed));
    SimDisk after = new SimDisk(lastInode);
    after.capacity = capacity;
    after.setFileSystem(fileSystem, directAlignment);
    NodeCopies copies = new NodeCopies(SimFile::copy);
    copies.copy(root, after.root);
    after.journal.copyFrom(journal, copies);
    for (InFlightWrite write : inFlight) {
      if (copies.get(write.file()) instanceof SimFile copy) {
        write.landIn(copy, choice);
      }
    }
    return after;
  }

  /// Lets the page cache forget what is clean: reads then show what the device has.
  public void dropCaches() {
    root.dropCaches();
  }

  /// Turns one bit of a file over, at rest.
  ///
  /// @param offset position in the file, below its length
  /// @param bit 0 to 7
  public void flipBit(Path path, long offset, int bit) throws IOException {
    SimFile file = file(path);
    if (offset < 0 || offset >= file.length() || bit < 0 || bit > 7) {
      throw new IllegalArgumentException(
          "bit " + bit + " of byte " + offset + " is not in a file of " + file.length());
    }
    file.flip(offset, bit);
  }

  /// A number that stands for all live names and bytes: equal for equal disks.
  public long contentHash() {
    return root.contentHash(17);
  }

  Path realPath(Path path) throws IOException {
    try {
      return names.realPath(path);
    } catch (SimErrno e) {
      throw failed(path, e);
    }
  }

  private SimFile file(Path path) throws IOException {
    try {
      return switch (names.find(path, true)) {
        case SimFile file -> file;
        case SimDirectory _ -> throw new SimErrno(Errno.EISDIR);
        case SimSymbolicLink _ -> throw new SimErrno(Errno.ELOOP);
        case SimSocketName _ -> throw new SimErrno(Errno.number("ENXIO"));
      };
    } catch (SimErrno e) {
      throw failed(path, e);
    }
  }

  private static IOException failed(Path path, SimErrno e) {
    return new IOException(path + ": " + Errno.name(-e.negated()));
  }

  // For the simulated kernel.

  SimNames names() {
    return names;
  }

  /// What decides the fate of bytes under a failed sync.
  void use(RandomGenerator random) {
    this.random = random;
  }

  /// What an earlier process has left ends with it: its locks, and its writes in flight.
  void endProcesses() {
    inFlight.clear();
    root.unlockAll();
  }

  SimFile createFile(SimNames.Place place) {
    SimFile file = new SimFile(++lastInode);
    journal.set(place.directory(), place.name(), file);
    return file;
  }

  void createDirectory(Path path) throws SimErrno {
    SimNames.Place place = names.free(path);
    journal.set(place.directory(), place.name(), new SimDirectory(++lastInode));
  }

  /// The name of a socket that is bound to it.
  SimSocketName createSocketName(Path path) throws SimErrno {
    SimNames.Place place = names.place(path, false);
    if (place.node() != null) {
      throw new SimErrno(Errno.EADDRINUSE);
    }
    SimSocketName node = new SimSocketName(++lastInode);
    journal.set(place.directory(), place.name(), node);
    return node;
  }

  void unlink(Path path) throws SimErrno {
    SimNames.Place place = names.place(path, false);
    if (place.present() instanceof SimDirectory) {
      throw new SimErrno(Errno.EISDIR);
    }
    journal.set(place.directory(), place.name(), null);
  }

  /// As rename(2), for files; a target that is a file is replaced in one step.
  void rename(Path source, Path target) throws SimErrno {
    SimNames.Place from = names.place(source, false);
    SimNode node = from.present();
    SimNames.Place to = names.place(target, false);
    SimNode replaced = to.node();
    boolean moves = node instanceof SimDirectory;
    boolean replaces = replaced instanceof SimDirectory;
    if (replaced != null && moves != replaces) {
      throw new SimErrno(replaces ? Errno.EISDIR : Errno.ENOTDIR);
    }
    if (replaced instanceof SimDirectory directory && !directory.live().isEmpty()) {
      throw new SimErrno(Errno.ENOTEMPTY);
    }
    if (node != replaced) {
      journal.move(from.directory(), from.name(), to.directory(), to.name(), node);
    }
  }

  void link(Path existing, Path path) throws SimErrno {
    SimNode node = names.place(existing, false).present();
    if (node instanceof SimDirectory) {
      throw new SimErrno(Errno.EPERM);
    }
    SimNames.Place place = names.free(path);
    journal.set(place.directory(), place.name(), node);
  }

  void sync(SimNode node) {
    switch (node) {
      case SimFile file -> file.sync();
      case SimDirectory directory -> journal.sync(directory);
      case SimSymbolicLink _, SimSocketName _ -> {}
    }
  }

  /// A sync that fails, after which everything is clean and only some of it durable.
  void syncInVain(SimNode node) {
    switch (node) {
      case SimFile file -> file.syncInVain(random);
      case SimDirectory directory -> journal.syncInVain(directory, new CrashChoice(random));
      case SimSymbolicLink _, SimSocketName _ -> {}
    }
  }

  /// How many more bytes fit.
  long room() {
    return capacity == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, capacity - root.fileBytes());
  }

  /// A file other than this one, chosen by chance; null when there is none.
  @Nullable SimFile otherThan(SimFile file) {
    List<SimFile> others = new ArrayList<>();
    root.collectFiles(others);
    others.removeIf(other -> other == file);
    return others.isEmpty() ? null : others.get(random.nextInt(others.size()));
  }

  void begin(InFlightWrite write) {
    inFlight.add(write);
  }

  void end(@Nullable InFlightWrite write) {
    inFlight.removeIf(other -> other == write);
  }
}
