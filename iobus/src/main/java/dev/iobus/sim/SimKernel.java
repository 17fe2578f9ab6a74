package dev.iobus.sim;

import dev.iobus.backend.ModeBits;
import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Carries requests out on a disk, with the results of Linux. Confined to the holder of the baton.
final class SimKernel {

  static final int BLOCK_BYTES = 4096;

  private final SimDisk disk;
  private final SplittableRandom random;
  private final SimOperations operations;
  private final SimDescriptors descriptors = new SimDescriptors();
  private final SimMemory memory = new SimMemory();
  private int rings;
  private int inFlight;
  private final SimNetwork network;
  private final SimFileTransfers transfers;
  private Runnable watcher = () -> {};

  /// Of the request that is carried out.
  private long nowMillis;

  /// @param random decides what becomes of files
  /// @param wire decides how the network does
  SimKernel(
      SimDisk disk, Faults faults, SplittableRandom random, SplittableRandom wire, Baton baton) {
    this.disk = disk;
    this.random = random;
    operations = new SimOperations(faults, baton.trace());
    descriptors.limit(faults.descriptors());
    network = new SimNetwork(baton, disk, descriptors, operations, wire);
    transfers = new SimFileTransfers(disk, random);
    disk.use(random.split());
    disk.endProcesses();
  }

  SimDisk disk() {
    return disk;
  }

  Faults faults() {
    return operations.faults();
  }

  SimNetwork network() {
    return network;
  }

  SplittableRandom random() {
    return random;
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

  /// Operations that disk and network were asked for.
  long operations() {
    return operations.count();
  }

  boolean losesPower() {
    return operations.losesPower();
  }

  /// Takes a job's memory over and, for a write, lets the device begin.
  void begin(SimJob job) {
    if (!job.isTransfer()) {
      return;
    }
    job.note(memory);
    job.own(random.nextLong());
    SimOpenFile file = job.openFile();
    if (job.op == Op.WRITE && SimFileTransfers.refusal(job, file) == 0 && file != null) {
      job.write = new InFlightWrite((SimFile) file.node(), job.request.offset, job.content());
      disk.begin(job.write);
    }
  }

  /// Gives up a job that was begun, or was not.
  void abandon(SimJob job) {
    disk.end(job.write);
    job.giveBack(null, 0);
  }

  /// Carries a job out. Returns its result, or [SimWaits#WAITS].
  int execute(SimJob job, long wallMillis) {
    nowMillis = wallMillis;
    if (SimSocketCalls.concerns(job)) {
      int result = network.waits().start(job);
      if (job.op == Op.BIND) {
        watcher.run(); // A name may be there.
      }
      return result;
    }
    SimOperation operation = SimOperation.of(job.op);
    if (operation == null) {
      return withoutDisk(job);
    }
    if (job.write != null) {
      watcher.run();
    }
    Path path = pathOf(job);
    Fault fault = operations.begin(operation, path, random);
    int result;
    try {
      result = fault == null ? call(job) : strike(job, fault);
    } catch (SimErrno e) {
      result = e.negated();
    }
    if (job.op == Op.WRITE && result > 0) {
      operations.moved(job.content(), 0, job.request.length);
    }
    disk.end(job.write);
    job.giveBack(null, 0);
    operations.end(operation, path, job.request.length, job.request.offset, result);
    watcher.run();
    return result;
  }

  private static Path pathOf(SimJob job) {
    SimDescription file = job.file;
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
        SimOpenFile file = job.openFile();
        int step = file == null ? 1 : file.alignment();
        int parts = request.length / step;
        int count = parts < 2 ? request.length : step * (1 + random.nextInt(parts - 1));
        yield transfers.transfer(job, count, request.offset, null, nowMillis);
      }
      case LOST, STALE, FLIPPED, MISDIRECTED, ASTRAY ->
          transfers.transfer(job, request.length, request.offset, fault.kind(), nowMillis);
      case TOLD_TWICE -> {
        job.toldTwice = true;
        yield call(job);
      }
      case DELAYED -> throw new AssertionError(job.op + " is not sent anywhere");
    };
  }

  /// What an operation that fails may have done all the same.
  private void failHalfway(SimJob job) throws SimErrno {
    SimOpenFile file = job.openFile();
    switch (job.op) {
      case FSYNC, FDATASYNC -> {
        if (file != null) {
          disk.syncInVain(file.node());
        }
      }
      case WRITE -> {
        if (file != null && SimFileTransfers.refusal(job, file) == 0 && random.nextBoolean()) {
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
    Fault fault = operations.begin(SimOperation.LIST, directory, random);
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
      case OPEN_REGISTERED -> job.ring.slots().put(request.file, open(request));
      case CLOSE -> {
        return request.fixedFile
            ? job.ring.slots().empty(request.file)
            : descriptors.close(request.file);
      }
      case READ, WRITE -> {
        return transfers.transfer(job, request.length, request.offset, null, nowMillis);
      }
      case RENAME -> disk.rename(present(request.path), present(request.target));
      case UNLINK -> disk.unlink(present(request.path));
      case LINK -> disk.link(present(request.path), present(request.target));
      case CREATE_DIRECTORY -> disk.createDirectory(present(request.path));
      default -> callOnFile(request, job);
    }
    return 0;
  }

  private void callOnFile(Request request, SimJob job) throws SimErrno {
    SimOpenFile file = job.openFile();
    if (request.op == Op.STAT && job.file instanceof SimSocket) {
      statSocket(request.status);
      return;
    }
    if (file == null) {
      throw new SimErrno(job.file == null ? Errno.EBADF : Errno.EINVAL);
    }
    switch (request.op) {
      case FSYNC, FDATASYNC -> disk.sync(file.node());
      case TRUNCATE -> {
        SimFile node = writable(file);
        transfers.grow(node, request.offset);
        node.truncate(request.offset);
        node.modified(nowMillis);
      }
      case ALLOCATE -> {
        SimFile node = writable(file);
        long end = request.offset + request.rangeLength;
        transfers.grow(node, end);
        node.truncate(Math.max(node.length(), end));
      }
      case STAT -> stat(request.status, file.node(), disk.directAlignment());
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
      case SimSocketName _ -> throw new SimErrno(Errno.number("ENXIO"));
      case SimDirectory _ -> {
        if ((bits & OpenBits.WRITE) != 0) {
          throw new SimErrno(Errno.EISDIR);
        }
      }
      case SimFile file -> {
        if ((bits & OpenBits.DIRECTORY) != 0) {
          throw new SimErrno(Errno.ENOTDIR);
        }
        if ((bits & OpenBits.DIRECT) != 0 && disk.directAlignment() == 0) {
          throw new SimErrno(Errno.EINVAL);
        }
        if ((bits & OpenBits.TRUNCATE) != 0) {
          file.truncate(0);
        }
      }
    }
    return new SimOpenFile(node, path, bits, disk.directAlignment());
  }

  private static void stat(Request.Status status, SimNode node, int directAlignment) {
    boolean directory = node instanceof SimDirectory;
    status.size = node instanceof SimFile file ? file.length() : 0;
    status.mode = directory ? ModeBits.S_IFDIR | 0700 : ModeBits.S_IFREG | 0600;
    status.permitted = true;
    status.modifiedSeconds = node.modifiedMillis() / 1000;
    status.modifiedNanos = (int) (node.modifiedMillis() % 1000) * 1_000_000;
    status.allocated = -1;
    status.directMemoryAlignment = directory ? 0 : directAlignment;
    status.directOffsetAlignment = directory ? 0 : directAlignment;
    status.atomicWriteMin = 0;
    status.atomicWriteMax = 0;
    status.atomicWriteParts = 0;
    status.blockSize = BLOCK_BYTES;
    status.device = 1;
    status.inode = node.inode();
  }

  private static void statSocket(Request.Status status) {
    stat(status, new SimSocketName(0), 0);
    status.mode = ModeBits.S_IFSOCK | 0777;
  }

  private static Path present(@Nullable Path path) {
    return Objects.requireNonNull(path, "the request has no path");
  }
}
