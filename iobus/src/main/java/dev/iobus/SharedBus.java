package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/// Blocking I/O from any thread over one ring or a few: a virtual thread that reads parks, and thousands
/// of parked reads become a deep queue.
///
/// A lone caller pays no thread switch: it submits, waits in the ring itself, and returns. With
/// many callers one of them submits and reaps for all of its ring. At most `capacity` operations are in
/// flight; those of more callers wait, on each ring in order of arrival. A platform thread makes single
/// reads, syncs, durable writes and writes through the page cache itself, without the ring; so does every
/// thread with reads that the kernel's page cache answers.
///
/// Memory must be native and is the caller's; it must stay alive until the call returns, and the
/// kernel does not touch it after that (except when the bus has failed, see below). On backends
/// other than io_uring it must be accessible from other threads, so not from a confined arena.
///
/// An interrupt ends nothing: the operation goes on, the flag is kept.
///
/// If a ring itself fails, every call in flight and every later one gets an [IOException] with
/// the first failure as cause; the outcome of what was in flight is then unknown, and memory that
/// was in flight must not be freed before the process ends: that of [#newArena()] is not. The same is
/// so after an [Error], such as an [OutOfMemoryError], in a call that has operations in flight: it is
/// the cause then, also for the caller that it has struck.
///
/// Thread-safe. [#close()] cancels what is in flight, which ends with a [CancelledException], and waits
/// for it; every later call throws an [IllegalStateException].
public final class SharedBus implements AutoCloseable {

  /// Larger transfers would be split by the kernel, or sent through a worker thread of it.
  static final int TRANSFER_MAX = 512 * 1024;

  private final BackendKind kind;
  private final Backend backend;
  private final Scheduler scheduler;
  private final BusOptions options;
  private final Checks checks;
  private final SharedRings rings;
  private final Registrations registrations;
  private final FileUse files;
  private final InlineCalls inline;
  private final SlotCalls calls;
  private final SharedTransfers transfers;
  private final RegisteredReads registeredReads;
  private final SyncedWrite syncedWrite;
  private final BusCounts counts;

  private final CallGate gate;
  private final SharedClose close;

  private SharedBus(SharedRings rings, BusOptions options) {
    this.rings = rings;
    this.kind = rings.choice().kind();
    this.backend = rings.first().backend;
    this.counts = rings.first().counts;
    this.options = options;
    this.scheduler = options.scheduler();
    this.gate = new CallGate(scheduler);
    this.checks = new Checks(kind);
    this.registrations = new Registrations(this, kind, rings.backends());
    this.files = new FileUse(this, checks, registrations);
    this.inline = new InlineCalls(backend, gate, files, kind.label());
    this.calls = new SlotCalls(scheduler, gate, rings, files, kind);
    this.transfers = new SharedTransfers(this, scheduler, checks, inline, calls, counts);
    this.registeredReads = new RegisteredReads(this, inline, calls);
    this.syncedWrite = new SyncedWrite(scheduler, gate, rings, files, calls);
    this.close = new SharedClose(options, gate, rings, registrations);
  }

  /// Opens a bus on the best backend that this host allows, or on the one that `options` name.
  ///
  /// @throws IOException when the backend asked for is not available, or the host lacks a resource
  ///     (memory, descriptors); the message names cause and remedy
  public static SharedBus open(BusOptions options) throws IOException {
    return open(options, UringSyscalls::kernel);
  }

  /// As above, with the system calls of a test.
  static SharedBus open(BusOptions options, Supplier<UringSyscalls> syscalls)
      throws IOException {
    SharedBus bus = new SharedBus(SharedRings.open(options, syscalls), options);
    if (BusEvents.recordsFallbacks()) {
      bus.fallbacks().forEach(line -> BusEvents.fallback(bus.backend().label(), line));
    }
    return bus;
  }

  /// The backend in use.
  public BackendKind backend() {
    return kind;
  }

  /// Which backend, why, and with which features: one line for people.
  public String reason() {
    return rings.reason();
  }

  /// What this bus does another way than on the best host and why; see [Bus#fallbacks()].
  public List<String> fallbacks() {
    gate.enter();
    try {
      List<String> all = rings.fallbacks(options);
      all.addAll(registrations.fallbacks());
      return List.copyOf(all);
    } finally {
      gate.exit();
    }
  }

  /// What this bus has done since it was opened. From any thread; it slows down nobody.
  public BusStats stats() {
    gate.enter();
    try {
      return rings.stats();
    } finally {
      gate.exit();
    }
  }

  /// Where waiting and time of this bus come from.
  public Scheduler scheduler() {
    return scheduler;
  }

  /// What the host of this bus says of itself: the simulated one, or this machine.
  public HostFacts host() {
    return scheduler instanceof HostFacts simulated ? simulated : HostFacts.system();
  }

  /// Operations that can be in flight at one time, on all rings together. Those of more callers wait
  /// their turn, those of one caller when as many as its ring's part are in flight.
  public int capacity() {
    return rings.capacity();
  }

  /// Rings that callers are spread over; 1 on backends other than io_uring. Registered memory is locked
  /// once for all, before Linux 6.13 once for each. See [BusOptions#rings()].
  public int rings() {
    return rings.count();
  }

  /// Opens a file; [OpenFlag#CREATE] creates it with mode 0600.
  ///
  /// @throws BusException when the operating system refuses
  public OpenFile open(Path path, OpenFlag... flags) throws IOException {
    int bits = OpenFlag.bits(flags);
    int descriptor = calls.onPaths(Op.OPEN, path, null, bits);
    return new OpenFile(path, descriptor, kind, (bits & OpenBits.DIRECT) != 0);
  }

  /// Closes the file, once.
  ///
  /// @throws IllegalStateException when it is closed, or other calls on it are in flight
  public void close(OpenFile file) throws IOException {
    checks.file(file);
    file.checkClosable();
    Slot slot = calls.begin(Op.CLOSE);
    try {
      slot.request.file = file.releaseDescriptor(0);
      slot.request.fixedFile = false;
      calls.finish(slot, file.path());
    } finally {
      calls.end(slot);
    }
  }

  /// Tells what is known of an open file, statx(2).
  ///
  /// @throws IllegalStateException when it is closed; also for a registered file whose descriptor is,
  ///     as the kernel has no such call for a slot
  public FileStatus stat(BusFile file) throws IOException {
    Slot slot = calls.begin(Op.STAT);
    try {
      OpenFile retained = files.openFile(file); // The kernel takes no slot here.
      files.use(slot, retained);
      try {
        calls.finish(slot, file.path());
      } finally {
        files.letGo(retained);
      }
      FileStatus status = FileStatus.of(slot.request.status);
      retained.learn(status);
      return status;
    } finally {
      calls.end(slot);
    }
  }

  /// Reads at least one byte and up to `into.byteSize()` (at most 512 KiB) at `offset`; nothing into
  /// memory of no bytes.
  ///
  /// @param offset bytes from the begin of the file, from 0 on
  /// @return the bytes read, or −1 at the end of the file
  /// @throws BusException when the read has failed
  public int read(BusFile file, MemorySegment into, long offset) throws IOException {
    int length = (int) Math.min(into.byteSize(), TRANSFER_MAX);
    int count = transfers.one(Op.READ, file, into, offset, length, WriteFlag.NONE);
    return count == 0 && length > 0 ? -1 : count;
  }

  /// Writes at least one byte and up to `from.byteSize()` (at most 512 KiB) at `offset`; nothing of
  /// memory of no bytes.
  ///
  /// @param offset bytes from the begin of the file, from 0 on
  /// @return the bytes written
  /// @throws BusException when the write has failed
  /// @throws IllegalArgumentException for an atomic write of more, of a length that is no power of
  ///     two, of an offset that is no multiple of it, or to a file that is not direct
  public int write(BusFile file, MemorySegment from, long offset, WriteFlag flag)
      throws IOException {
    if (flag == WriteFlag.ATOMIC) {
      checkAtomic(file, from.byteSize(), offset);
    }
    int length = (int) Math.min(from.byteSize(), TRANSFER_MAX);
    return transfers.one(Op.WRITE, file, from, offset, length, flag);
  }

  /// Reads until `into` is full or the file ends: in parts of 512 KiB that are in flight together,
  /// resumed when they come back short.
  ///
  /// @return the bytes read; less than asked only at the end of the file
  public long readFully(BusFile file, MemorySegment into, long offset) throws IOException {
    return transfers.whole(Op.READ, file, into, offset, WriteFlag.NONE);
  }

  /// As above, into a part of a registered buffer.
  ///
  /// @param bufferOffset where in the buffer the part begins
  /// @param length bytes of the part
  /// @throws BusException when the read has failed; the kernel is done with the memory, as it is
  ///     after every exception of this method but that of a bus that has failed
  public long readFully(
      BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset)
      throws IOException {
    buffer.index(this); // Refuses one of another bus, and one that is not registered any more.
    checks.memory(buffer.memory(), true);
    Objects.checkFromIndexSize(bufferOffset, length, buffer.memory().byteSize());
    Checks.range(offset, length);
    if (length <= TRANSFER_MAX) {
      int count =
          length == 0 ? 0 : registeredReads.read(file, buffer, bufferOffset, length, offset);
      if (count == length || count == 0) {
        return count;
      }
      counts.cameShort();
    }
    MemorySegment part = buffer.memory().asSlice(bufferOffset, length);
    return transfers.inParts(Op.READ, file, part, buffer, offset, WriteFlag.NONE);
  }

  /// Writes all of `from`, in parts of 512 KiB that are in flight together, resumed when they come
  /// back short.
  ///
  /// @param flag not [WriteFlag#ATOMIC]: such a write is one request, [#write]
  /// @throws BusException when no progress is possible
  public void writeFully(BusFile file, MemorySegment from, long offset, WriteFlag flag)
      throws IOException {
    if (flag == WriteFlag.ATOMIC) {
      throw Checks.atomicInParts();
    }
    transfers.whole(Op.WRITE, file, from, offset, flag);
  }

  /// Writes all of `from` and makes the file's bytes durable, as [#writeFully] and [#dataSync] do one
  /// after the other; up to 512 KiB with one submission and one wait for both, where the host can
  /// tie them.
  ///
  /// @throws BusException when the write or the sync fails; its operation says which
  public void writeAndDataSync(BusFile file, MemorySegment from, long offset)
      throws IOException {
    checks.memory(from, false);
    Checks.range(offset, from.byteSize());
    long length = from.byteSize();
    if (rings.capacityOfEach() > 1
        && length > 0
        && length <= TRANSFER_MAX
        && syncedWrite.tryBoth(file, from, offset, (int) length)) {
      return;
    }
    writeFully(file, from, offset, WriteFlag.NONE);
    dataSync(file);
  }

  /// Makes the file's bytes and metadata durable (fsync); also for a directory.
  public void sync(BusFile file) throws IOException {
    sync(Op.FSYNC, file);
  }

  /// Makes the file's bytes durable, and its metadata as far as reading them back needs it
  /// (fdatasync).
  public void dataSync(BusFile file) throws IOException {
    sync(Op.FDATASYNC, file);
  }

  /// Sets the length of the file in bytes; new bytes are zero.
  public void truncate(BusFile file, long length) throws IOException {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length + " is negative");
    }
    calls.onFile(Op.TRUNCATE, file, length);
  }

  /// Renames atomically; an existing target is replaced.
  public void rename(Path from, Path to) throws IOException {
    Objects.requireNonNull(to, "to");
    calls.onPaths(Op.RENAME, from, to, 0);
  }

  /// Removes the name of a file, unlink(2); what has it open keeps it.
  public void unlink(Path path) throws IOException {
    calls.onPaths(Op.UNLINK, path, null, 0);
  }

  /// Creates one directory with mode 0700.
  public void createDirectory(Path path) throws IOException {
    Checks.path(path);
    gate.enter();
    try {
      int result = backend.createDirectory(path);
      if (result < 0) {
        throw BusException.of("mkdir", path.toString(), result, null);
      }
    } finally {
      gate.exit();
    }
  }

  /// The names in a directory, sorted.
  public List<String> list(Path directory) throws IOException {
    gate.enter();
    try {
      return backend.list(directory);
    } finally {
      gate.exit();
    }
  }

  /// The path without symbolic links.
  public Path realPath(Path path) throws IOException {
    gate.enter();
    try {
      return backend.realPath(path);
    } finally {
      gate.exit();
    }
  }

  /// Takes an exclusive lock on the whole file, which lives as long as the open file: on Linux
  /// also until the last ring that the file is registered with has ended, so that a killed
  /// process holds it until its last write has landed. Never waits.
  ///
  /// @return false when another open file holds it, in this process or elsewhere
  public boolean tryLock(OpenFile file) throws IOException {
    checks.file(file);
    gate.enter();
    try {
      int descriptor = file.retain();
      try {
        int result = backend.lock(descriptor);
        if (result < 0 && result != -Errno.EAGAIN) {
          throw BusException.of("lock", file.path(), result, null);
        }
        return result >= 0;
      } finally {
        file.release();
      }
    } finally {
      gate.exit();
    }
  }

  /// Puts the file into the own table of each ring; the descriptor stays open beside it.
  ///
  /// @throws BusException when the table is full
  public RegisteredFile register(OpenFile file) throws IOException {
    checks.file(file);
    gate.enter();
    try {
      file.retain();
      try {
        return registrations.add(file);
      } finally {
        file.release();
      }
    } finally {
      gate.exit();
    }
  }

  /// Gives the slot back, once the calls that are under way on it have ended.
  public void unregister(RegisteredFile file) {
    gate.enter();
    try {
      registrations.remove(file);
    } finally {
      gate.exit();
    }
  }

  /// Makes memory known to the kernel: up to 64 buffers at a time, of up to 1 GiB each. Where the host
  /// refuses, the buffer works as plain memory and says so: see [RegisteredBuffer#refusal()].
  public RegisteredBuffer register(MemorySegment memory) throws IOException {
    return register(memory, rings.count());
  }

  /// As above, locked at most so many times. From Linux 6.13 on once is enough for all rings; before, so
  /// many of them know it ([RegisteredBuffer#rings()]), and for callers of the others it is plain memory.
  ///
  /// @param count 1 to [#rings()]
  public RegisteredBuffer register(MemorySegment memory, int count) throws IOException {
    checks.memory(memory, false);
    if (count < 1 || count > rings.count()) {
      throw new IllegalArgumentException(count + " is not in 1 to the " + rings.count() + " rings");
    }
    gate.enter();
    try {
      return registrations.add(memory, count);
    } finally {
      gate.exit();
    }
  }

  /// Allocates memory and makes it known to the kernel; see [Bus#newBuffer(long, Pages)].
  ///
  /// @param bytes 1 to 1 GiB
  public RegisteredBuffer newBuffer(long bytes, Pages pages) {
    gate.enter();
    try {
      return registrations.newBuffer(bytes, pages);
    } finally {
      gate.exit();
    }
  }

  /// Gives the registration of a buffer back. Memory of [#newBuffer] is freed: parts of it that were
  /// used as plain memory must not be in flight either.
  ///
  /// @throws IllegalStateException while operations on the buffer are in flight
  public void unregister(RegisteredBuffer buffer) {
    gate.enter();
    try {
      registrations.remove(buffer);
    } finally {
      gate.exit();
    }
  }

  /// A shared arena for memory of transfers. Whoever closes it may do so as soon as its calls have
  /// returned, whatever they have returned: if the bus has failed, which leaves what was in flight to the
  /// kernel, the memory is not freed, and the arena's scope stays alive. The arena may outlive the bus.
  public Arena newArena() {
    return new BusArena(rings.failure());
  }

  /// Several transfers that are in flight together.
  ///
  /// @param capacity transfers that the batch can hold, at least 1
  public IoBatch newBatch(int capacity) {
    int runMax = Math.min(8, backend.batchMax());
    return new IoBatch(this, gate, rings, files, inline, calls, capacity, runMax);
  }

  /// Refuses new calls, cancels what is in flight, waits until every call has returned, and
  /// releases the rings. After it no write can land. Idempotent: a task that finds another one at it
  /// waits until that has ended.
  ///
  /// What has not ended after the `closeDeadline` of the options is leaked and logged.
  @Override
  public void close() {
    close.close();
  }

  /// @throws IllegalArgumentException for an atomic write that no device, or no single request takes
  static void checkAtomic(BusFile file, long length, long offset) {
    if (length > TRANSFER_MAX) {
      throw new IllegalArgumentException(
          "an atomic write of " + length + " bytes; at most " + TRANSFER_MAX + " are one request");
    }
    Checks.atomic(file, length, offset);
  }

  private void sync(Op op, BusFile file) throws IOException {
    if (scheduler.currentTask().isVirtual() || !inline.sync(op, file)) {
      calls.onFile(op, file, 0);
    }
  }

  SharedRings sharedRings() {
    return rings;
  }

  FileUse files() {
    return files;
  }

  Checks checks() {
    return checks;
  }

  BusCounts counts() {
    return counts;
  }
}
