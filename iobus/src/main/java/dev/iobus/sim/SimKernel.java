package dev.iobus.sim;

import dev.iobus.backend.ModeBits;
import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Carries requests out on a disk, with the results of Linux. Confined to the holder of the baton.
final class SimKernel {

  private static final int BLOCK_BYTES = 4096;

  private final SimDisk disk;
  private final Faults faults;
  private final SplittableRandom random;
  private final Trace trace;
  private final SimDescriptors descriptors = new SimDescriptors();
  private final SimMemory memory = new SimMemory();
  private int rings;
  private int inFlight;
  private long operations;
  private Runnable watcher = () -> {};

  /// Of the request that is carried out.
  private long nowMillis;

  SimKernel(SimDisk disk, Faults faults, SplittableRandom random, Trace trace) {
    this.disk = disk;
    this.faults = faults;
    this.random = random;
    this.trace = trace;
    descriptors.limit(faults.descriptors());
    disk.use(random.split());
    disk.endProcesses();
  }

  SimDisk disk() {
    return disk;
  }

  Faults faults() {
    return faults;
  }

  SimDescriptors descriptors() {
    return descriptors;
  }

  /// Memory that transfers were given.
  SimMemory memory() {
    return memory;
  }

  void ringOpened() {
    rings++;
  }

  void ringClosed() {
    rings--;
  }

  /// Rings that are open.
  int rings() {
    return rings;
  }

  /// Requests that were submitted and have not ended.
  int inFlight() {
    return inFlight;
  }

  void submitted() {
    inFlight++;
  }

  void ended() {
    inFlight--;
  }

  /// See [SimScheduler#watch].
  void watch(Runnable run) {
    watcher = run;
  }

  /// Operations that the disk was asked for.
  long operations() {
    return operations;
  }

  boolean losesPower() {
    return faults.losesPowerAt(operations);
  }

  /// Takes a job's memory over and, for a write, lets the device begin.
  void begin(SimJob job) {
    if (!job.isTransfer()) {
      return;
    }
    job.note(memory);
    job.own(random.nextLong());
    SimOpenFile file = job.file;
    if (job.op == Op.WRITE && refusal(job, file) == 0 && file != null) {
      job.write = new InFlightWrite((SimFile) file.node(), job.request.offset, job.content());
      disk.begin(job.write);
    }
  }

  /// Gives up a job that was begun, or was not.
  void abandon(SimJob job) {
    disk.end(job.write);
    job.giveBack(null, 0);
  }

  /// Carries a job out. Returns its result.
  int execute(SimJob job, long wallMillis) {
    nowMillis = wallMillis;
    SimOperation operation = SimOperation.of(job.op);
    if (operation == null) {
      return withoutDisk(job);
    }
    if (job.write != null) {
      watcher.run();
    }
    Path path = pathOf(job);
    operations++;
    Fault fault = faults.strike(operation, path, random);
    int result;
    try {
      result = fault == null ? call(job) : strike(job, fault);
    } catch (SimErrno e) {
      result = e.negated();
    }
    if (job.op == Op.WRITE && result > 0) {
      trace.add(Arrays.hashCode(job.content()), result);
    }
    disk.end(job.write);
    job.giveBack(null, 0);
    trace.add(path.toString());
    trace.add(operation.name().hashCode() * 1_000_003L + job.request.length, job.request.offset);
    trace.add(operations, result);
    watcher.run();
    return result;
  }

  private static Path pathOf(SimJob job) {
    SimOpenFile file = job.file;
    Path path = file != null ? file.path() : job.request.path;
    return path == null ? Path.of("none") : path;
  }

  private int withoutDisk(SimJob job) {
    return switch (job.op) {
      case NOP -> 0;
      case ADVISE, SYNC_RANGE -> job.file == null ? -Errno.EBADF : 0;
      default -> -Errno.EOPNOTSUPP;
    };
  }

  private int strike(SimJob job, Fault fault) throws SimErrno {
    Request request = job.request;
    return switch (fault.kind()) {
      case ERROR -> {
        if (job.op == Op.CLOSE) {
          call(job); // It closes whatever it says: close(2), on errors.
        } else if (!Faults.isRefusal(fault.errno())) {
          failHalfway(job);
        }
        yield -fault.errno();
      }
      case SHORT -> {
        int step = job.file != null && job.file.isDirect() ? Sector.BYTES : 1;
        int parts = request.length / step;
        int count = parts < 2 ? request.length : step * (1 + random.nextInt(parts - 1));
        yield transfer(job, count, request.offset, null);
      }
      case LOST, STALE, FLIPPED, MISDIRECTED, ASTRAY ->
          transfer(job, request.length, request.offset, fault.kind());
      case TOLD_TWICE -> {
        job.toldTwice = true;
        yield call(job);
      }
    };
  }

  /// What an operation that fails may have done all the same.
  private void failHalfway(SimJob job) throws SimErrno {
    SimOpenFile file = job.file;
    switch (job.op) {
      case FSYNC, FDATASYNC -> {
        if (file != null) {
          disk.syncInVain(file.node());
        }
      }
      case WRITE -> {
        if (file != null && refusal(job, file) == 0 && random.nextBoolean()) {
          int count = random.nextInt(job.request.length + 1);
          ((SimFile) file.node())
              .write(job.request.offset, job.content(), 0, count, SimFile.Way.CACHED);
        }
      }
      case OPEN, OPEN_REGISTERED -> {
        if (random.nextBoolean()) {
          open(job.request).release(); // The name may be there from now on.
        }
      }
      case RENAME, UNLINK, LINK, CREATE_DIRECTORY, TRUNCATE, ALLOCATE -> {
        if (random.nextBoolean()) {
          call(job);
        }
      }
      default -> {}
    }
  }

  /// The names in a directory.
  List<String> list(Path directory) throws IOException {
    operations++;
    Fault fault = faults.strike(SimOperation.LIST, directory, random);
    if (fault != null && fault.kind() == Fault.Kind.ERROR) {
      throw new IOException(directory + ": " + Errno.name(fault.errno()));
    }
    return disk.list(directory);
  }

  private int call(SimJob job) throws SimErrno {
    Request request = job.request;
    switch (job.op) {
      case OPEN -> {
        return descriptors.add(open(request));
      }
      case OPEN_REGISTERED -> job.slots.put(request.file, open(request));
      case CLOSE -> {
        return request.fixedFile
            ? job.slots.empty(request.file)
            : descriptors.close(request.file);
      }
      case READ, WRITE -> {
        return transfer(job, request.length, request.offset, null);
      }
      case RENAME -> disk.rename(present(request.path), present(request.target));
      case UNLINK -> disk.unlink(present(request.path));
      case LINK -> disk.link(present(request.path), present(request.target));
      case CREATE_DIRECTORY -> disk.createDirectory(present(request.path));
      default -> callOnFile(request, job.file);
    }
    return 0;
  }

  private void callOnFile(Request request, @Nullable SimOpenFile file) throws SimErrno {
    if (file == null) {
      throw new SimErrno(Errno.EBADF);
    }
    switch (request.op) {
      case FSYNC, FDATASYNC -> disk.sync(file.node());
      case TRUNCATE -> {
        SimFile node = writable(file);
        grow(node, request.offset);
        node.truncate(request.offset);
        node.modified(nowMillis);
      }
      case ALLOCATE -> {
        SimFile node = writable(file);
        long end = request.offset + request.rangeLength;
        grow(node, end);
        node.truncate(Math.max(node.length(), end));
      }
      case STAT -> stat(request.status, file.node());
      default -> throw new AssertionError(request.op);
    }
  }

  private static SimFile writable(SimOpenFile file) throws SimErrno {
    if (!(file.node() instanceof SimFile node)) {
      throw new SimErrno(Errno.EISDIR);
    }
    if (!file.writes()) {
      throw new SimErrno(Errno.EBADF);
    }
    return node;
  }

  /// @throws SimErrno when a file cannot become that long
  private void grow(SimFile file, long end) throws SimErrno {
    if (end > SimFile.LENGTH_MAX) {
      throw new SimErrno(Errno.EFBIG);
    }
    if (end > file.length() && end - file.length() > disk.room()) {
      throw new SimErrno(Errno.ENOSPC);
    }
  }

  private SimOpenFile open(Request request) throws SimErrno {
    Path path = present(request.path);
    int bits = request.openBits;
    boolean follow = (bits & OpenBits.NO_FOLLOW) == 0;
    SimNames.Place place = disk.names().place(path, follow);
    SimNode node = place.node();
    if (node == null) {
      if ((bits & OpenBits.CREATE) == 0) {
        throw new SimErrno(Errno.ENOENT);
      }
      node = disk.createFile(place);
      node.modified(nowMillis);
    } else if ((bits & OpenBits.EXCLUSIVE) != 0 && (bits & OpenBits.CREATE) != 0) {
      throw new SimErrno(Errno.EEXIST);
    }
    switch (node) {
      case SimSymbolicLink _ -> throw new SimErrno(Errno.ELOOP);
      case SimDirectory _ -> {
        if ((bits & OpenBits.WRITE) != 0) {
          throw new SimErrno(Errno.EISDIR);
        }
      }
      case SimFile file -> {
        if ((bits & OpenBits.DIRECTORY) != 0) {
          throw new SimErrno(Errno.ENOTDIR);
        }
        if ((bits & OpenBits.TRUNCATE) != 0) {
          file.truncate(0);
        }
      }
    }
    return new SimOpenFile(node, path, bits);
  }

  /// Why a transfer cannot be made: a negated error number, or 0.
  private static int refusal(SimJob job, @Nullable SimOpenFile file) {
    boolean reads = job.op == Op.READ;
    if (file == null || (reads ? !file.reads() : !file.writes())) {
      return -Errno.EBADF;
    }
    if (!(file.node() instanceof SimFile)) {
      return -Errno.EISDIR;
    }
    if (job.request.atomic) {
      return -Errno.EOPNOTSUPP;
    }
    return file.isDirect() && !job.isAligned() ? -Errno.EINVAL : 0;
  }

  private int transfer(SimJob job, int count, long offset, Fault.@Nullable Kind silent)
      throws SimErrno {
    SimOpenFile open = job.file;
    int refusal = refusal(job, open);
    if (refusal < 0 || open == null) {
      throw new SimErrno(refusal == 0 ? Errno.EBADF : -refusal);
    }
    SimFile file = (SimFile) open.node();
    if (job.op == Op.READ) {
      return read(job, open, file, count, offset, silent);
    }
    grow(file, offset + count);
    byte[] content = job.content();
    SimFile.Way way = SimFile.Way.CACHED;
    if (job.request.dsync) {
      way = SimFile.Way.DURABLE;
    } else if (open.isDirect()) {
      way = SimFile.Way.DIRECT;
    }
    if (silent == Fault.Kind.FLIPPED && count > 0) {
      content = content.clone();
      flip(content, count);
    } else if (silent != null) {
      way = SimFile.Way.LOST;
    }
    file.write(offset, content, 0, count, way);
    if (silent == Fault.Kind.MISDIRECTED) {
      file.damage(elsewhere(offset), content, count);
    } else if (silent == Fault.Kind.ASTRAY) {
      SimFile other = disk.otherThan(file);
      if (other != null) {
        other.damage(offset, content, count);
      }
    }
    file.modified(nowMillis);
    return count;
  }

  private int read(
      SimJob job,
      SimOpenFile open,
      SimFile file,
      int count,
      long offset,
      Fault.@Nullable Kind silent) {
    byte[] bytes = new byte[count];
    int got = file.read(offset, bytes, 0, count, open.isDirect());
    if (silent == Fault.Kind.STALE) {
      file.readStale(offset, bytes, 0, got);
    } else if (silent == Fault.Kind.MISDIRECTED) {
      bytes = new byte[count];
      file.read(elsewhere(offset), bytes, 0, got, true);
    } else if (silent == Fault.Kind.ASTRAY) {
      bytes = new byte[count];
      SimFile other = disk.otherThan(file);
      if (other != null) {
        other.read(offset, bytes, 0, got, true);
      }
    } else if (silent == Fault.Kind.FLIPPED && got > 0) {
      flip(bytes, got);
    }
    job.giveBack(bytes, got);
    return got;
  }

  private void flip(byte[] bytes, int count) {
    bytes[random.nextInt(count)] ^= (byte) (1 << random.nextInt(8));
  }

  /// Some blocks before or behind.
  private long elsewhere(long offset) {
    long distance = (1L + random.nextInt(4)) * BLOCK_BYTES;
    boolean before = offset >= distance && random.nextBoolean();
    return before ? offset - distance : offset + distance;
  }

  private static void stat(Request.Status status, SimNode node) {
    boolean directory = node instanceof SimDirectory;
    status.size = node instanceof SimFile file ? file.length() : 0;
    status.mode = directory ? ModeBits.S_IFDIR | 0700 : ModeBits.S_IFREG | 0600;
    status.permitted = true;
    status.modifiedSeconds = node.modifiedMillis() / 1000;
    status.modifiedNanos = (int) (node.modifiedMillis() % 1000) * 1_000_000;
    status.allocated = -1;
    status.directMemoryAlignment = directory ? 0 : Sector.BYTES;
    status.directOffsetAlignment = directory ? 0 : Sector.BYTES;
    status.atomicWriteMin = 0;
    status.atomicWriteMax = 0;
    status.atomicWriteParts = 0;
    status.blockSize = BLOCK_BYTES;
    status.device = 1;
    status.inode = node.inode();
  }

  private static Path present(@Nullable Path path) {
    return Objects.requireNonNull(path, "the request has no path");
  }
}
