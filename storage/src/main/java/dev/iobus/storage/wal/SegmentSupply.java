package dev.iobus.storage.wal;

import dev.iobus.BusException;
import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Prepares segments before they are needed, and takes back those that no longer are.
///
/// A new slot is written full of zeros and synced, with its name, before its first use, so that a
/// group overwrites blocks that exist and its sync touches no metadata. A slot that was released
/// has all that already and is only opened again; so is one that was found at opening, which
/// [WalRecovery] has made durable. On copy-on-write file systems an overwrite is an allocation all
/// the same; there segments grow as they are written and are deleted when released.
///
/// State is guarded by the log's lock; files are made and removed without it, by one task.
final class SegmentSupply {

  /// Zeros written at once while a slot is made past the kernel's page cache.
  static final int ZERO_BYTES = 256 << 10;

  /// The same through that cache: it keeps what came with one write in one piece, if it can, and looks
  /// at all blocks of the piece whenever one of them is written.
  private static final int ZERO_BYTES_BUFFERED = 16 << 10;

  private static final int FREE_MAX = 6;

  // Constant after construction.
  private final LogFiles files;
  private final int blockSize;
  private final String prefix;
  private final boolean recycles;
  private final long minBytes;
  private final long maxBytes;
  private final MemorySegment zeros;
  private final RandomGenerator random;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition work;

  // Guarded by the lock.
  private final ArrayDeque<WalSegment> prepared = new ArrayDeque<>();
  private final List<WalSlotName> free = new ArrayList<>();
  private final List<WalSlotName> surplus = new ArrayList<>();

  /// Numbers of slots that are there, or may be.
  private final Set<Integer> numbers = new HashSet<>();

  private boolean direct;
  private long nextBytes;
  private int lastNumber;

  /// Whether the last slot that was to be made could not be: for want of space, most likely.
  private boolean isShort;

  private int wanted;
  private boolean stopped;
  private @Nullable IOException failure;
  private long failures;
  private long created;
  private long reused;

  /// @param zeros [#ZERO_BYTES] of zeros, aligned
  SegmentSupply(
      DataDirectory directory,
      LogFiles files,
      WalOptions options,
      boolean direct,
      WalRecovery.Recovered recovered,
      MemorySegment zeros,
      Scheduler.Lock lock) {
    this.files = files;
    this.blockSize = directory.blockSize();
    this.prefix = options.namePrefix();
    this.direct = direct;
    this.recycles = !directory.isCopyOnWrite();
    this.minBytes = options.firstSegmentBytes();
    this.maxBytes = options.maxSegmentBytes();
    this.nextBytes = minBytes;
    this.numbers.addAll(recovered.numbers());
    this.lastNumber = recovered.lastNumber();
    this.zeros = zeros;
    this.random = directory.bus().scheduler().random("wal-segment-id");
    this.lock = lock;
    this.work = lock.newCondition();
    for (WalSlot slot : recovered.free()) {
      (recycles ? free : surplus).add(
          new WalSlotName(slot.name(), slot.fileBytes(), fileId(slot)));
    }
    for (WalSlot slot : recovered.useless()) {
      surplus.add(new WalSlotName(slot.name(), slot.fileBytes(), 0));
    }
  }

  private static long fileId(WalSlot slot) {
    SegmentHeader header = slot.header();
    return header == null ? 0 : header.fileId();
  }

  /// The next prepared segment, or null. Needs the lock.
  @Nullable WalSegment poll() {
    return prepared.poll();
  }

  /// How many groups of that many bytes the prepared segments can take. Needs the lock.
  long roomForGroups(int groupBytes) {
    long groups = 0;
    for (WalSegment segment : prepared) {
      groups += (segment.capacity() - blockSize) / groupBytes;
    }
    return groups;
  }

  boolean isDirect() {
    return direct;
  }

  /// Opens files for writes through the page cache from now on: before [#run].
  void writeBuffered() {
    direct = false;
  }

  boolean isEmpty() {
    return prepared.isEmpty();
  }

  /// Asks for one more segment than there are, unless one is being made. Needs the lock.
  void request() {
    wanted = Math.max(wanted, prepared.size() + 1);
    work.signal();
  }

  /// The failure of the last attempt to prepare a segment, or null; forgets it, so that the next
  /// request tries again. Needs the lock.
  @Nullable IOException takeFailure() {
    IOException taken = failure;
    failure = null;
    return taken;
  }

  /// Whether the last attempt failed. Needs the lock.
  boolean hasFailed() {
    return failure != null;
  }

  /// How many attempts have failed. Needs the lock.
  long failures() {
    return failures;
  }

  /// Takes segments back that nobody needs to read any more. Needs the lock.
  void giveBack(WalSegment segment) {
    WalSlotName slot = new WalSlotName(segment.name(), segment.capacity(), segment.fileId());
    if (recycles && free.size() < FREE_MAX && slot.bytes() >= (isShort ? minBytes : nextBytes)) {
      free.add(slot);
    } else {
      surplus.add(slot);
      work.signal();
    }
  }

  long created() {
    return created;
  }

  long reused() {
    return reused;
  }

  /// Prepares segments and deletes surplus slots until [#stop()]. The body of the log's task.
  ///
  /// @param changed run, without the lock, whenever a segment was prepared or could not be
  void run(Runnable changed) {
    lock.lock();
    try {
      while (!stopped) {
        if (prepared.size() < wanted && failure == null) {
          prepareOne();
          lock.unlock();
          try {
            changed.run();
          } finally {
            lock.lock();
          }
        } else if (!surplus.isEmpty()) {
          deleteOne();
        } else {
          work.await();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void prepareOne() {
    IOException thrown = tryPrepare();
    if (thrown != null && isShort && largestFree() != null) {
      // One that is smaller than it should be, but there.
      thrown = tryPrepare();
    }
    if (thrown != null) {
      failure = thrown;
      failures++;
      wanted = 0;
    }
  }

  /// Returns why there is no more prepared than before, or null. Needs the lock, which it releases
  /// meanwhile.
  private @Nullable IOException tryPrepare() {
    WalSlotName slot = null;
    try {
      slot = takeSlot();
      lock.unlock();
      WalSegment segment;
      try {
        segment = prepare(slot);
      } finally {
        lock.lock();
      }
      taken(slot);
      prepared.add(segment);
      return null;
    } catch (IOException | RuntimeException | Error e) {
      if (slot != null) {
        notTaken(slot);
      }
      return e instanceof IOException failed ? failed : new IOException(e);
    }
  }

  private void deleteOne() {
    WalSlotName slot = surplus.removeLast();
    boolean deleted = false;
    lock.unlock();
    try {
      files.delete(slot.name());
      deleted = true;
    } catch (IOException | RuntimeException stays) {
      // The slot stays where it is and costs space; the next recovery finds and tries it again.
      assert stays != null;
    } finally {
      lock.lock();
    }
    if (deleted) {
      numbers.remove(WalSlot.number(prefix, slot.name()));
    }
  }

  /// The largest free slot if it is as large as the next segment should be, or no new one can be
  /// made; else a new one.
  private WalSlotName takeSlot() throws IOException {
    WalSlotName best = largestFree();
    if (best != null && (isShort || best.bytes() >= nextBytes)) {
      free.remove(best);
      return best;
    }
    return new WalSlotName(WalSlot.name(prefix, takeNumber()), nextBytes, 0);
  }

  private @Nullable WalSlotName largestFree() {
    WalSlotName best = null;
    for (WalSlotName slot : free) {
      if (slot.bytes() >= minBytes && (best == null || slot.bytes() > best.bytes())) {
        best = slot;
      }
    }
    return best;
  }

  /// The first number behind the last one that no slot has; behind the largest comes the smallest.
  private int takeNumber() throws IOException {
    if (numbers.size() >= WalSlot.LARGEST) {
      throw new IOException("the log " + prefix + " has " + numbers.size() + " files, no more fit");
    }
    do {
      lastNumber = lastNumber >= WalSlot.LARGEST ? 1 : lastNumber + 1;
    } while (!numbers.add(lastNumber));
    return lastNumber;
  }

  /// A segment was prepared in that slot.
  private void taken(WalSlotName slot) {
    if (slot.isNew()) {
      created++;
      isShort = false;
    } else {
      reused++;
    }
    if (!isShort) {
      nextBytes = Math.min(maxBytes, Math.max(nextBytes, slot.bytes()) * 2);
    }
  }

  /// No segment could be prepared there. What a failed creation may have left is met again when all
  /// other numbers were taken once, and refuses one more creation. A slot that is there is tried
  /// once more, as it may have been for want of a descriptor; then it is deleted, so that a file
  /// which cannot be opened is not in the way of others.
  private void notTaken(WalSlotName slot) {
    if (slot.isNew()) {
      isShort = true;
      numbers.remove(WalSlot.number(prefix, slot.name()));
    } else if (slot.hasFailed()) {
      surplus.add(slot);
    } else {
      free.add(slot.failed());
    }
  }

  /// Makes or opens one segment at once, by the caller: for the first one of an opening log.
  WalSegment prepareFirst() throws IOException {
    WalSlotName slot;
    lock.lock();
    try {
      slot = takeSlot();
    } finally {
      lock.unlock();
    }
    WalSegment first = prepare(slot);
    lock.lock();
    try {
      taken(slot);
    } finally {
      lock.unlock();
    }
    return first;
  }

  private WalSegment prepare(WalSlotName slot) throws IOException {
    long segmentId = random.nextLong();
    if (!slot.isNew()) {
      LogFile file = files.open(slot.name(), direct);
      return WalSegment.prepared(
          slot.name(), slot.fileId(), segmentId, slot.bytes(), blockSize, file);
    }
    long fileId;
    do {
      fileId = random.nextLong();
    } while (fileId == 0);
    LogFile file = files.create(slot.name(), direct);
    try {
      if (recycles) {
        writeZeros(file, slot.bytes());
      }
      SegmentHeader header =
          new SegmentHeader(fileId, segmentId, 0, 0, 0, slot.bytes(), blockSize);
      writeHeader(file, header);
      file.sync();
      files.sync();
      return WalSegment.prepared(
          slot.name(), fileId, segmentId, slot.bytes(), blockSize, file);
    } catch (IOException | RuntimeException | Error e) {
      remove(slot.name(), file, e);
      throw e;
    }
  }

  private void writeZeros(LogFile file, long bytes) throws IOException {
    int step = file.isDirect() ? ZERO_BYTES : ZERO_BYTES_BUFFERED;
    for (long at = 0; at < bytes; at += step) {
      long length = Math.min(step, bytes - at);
      file.writeFully(zeros.asSlice(0, length), at, WriteFlag.NONE);
    }
  }

  private void writeHeader(LogFile file, SegmentHeader header) throws IOException {
    // Only the first block is ever not zero, and only while it is written here: the task that
    // makes slots is the one user of this memory.
    MemorySegment block = zeros.asSlice(0, blockSize);
    header.write(block, FileKind.WAL_SEGMENT);
    try {
      file.writeFully(block, 0, WriteFlag.NONE);
    } catch (BusException e) {
      block.fill((byte) 0);
      throw e;
    }
    // Not after a failure of the bus itself: the kernel may still read the block, and nothing more will
    // be written.
    block.fill((byte) 0);
  }

  private void remove(String name, LogFile file, Throwable cause) {
    try {
      file.close();
      files.delete(name);
    } catch (IOException | RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  /// Ends [#run] after the step that it is in. Needs the lock.
  void stop() {
    stopped = true;
    work.signalAll();
  }

  /// What was prepared and not used, open. Called after [#run] has ended.
  List<WalSegment> takePrepared() {
    List<WalSegment> taken = List.copyOf(prepared);
    prepared.clear();
    return taken;
  }

  /// A slot that may be used again.
  ///
  /// @param fileId of its file header; 0 for a slot that does not exist yet
  /// @param hasFailed whether it could not be opened
  private record WalSlotName(String name, long bytes, long fileId, boolean hasFailed) {

    WalSlotName(String name, long bytes, long fileId) {
      this(name, bytes, fileId, false);
    }

    WalSlotName failed() {
      return new WalSlotName(name, bytes, fileId, true);
    }

    boolean isNew() {
      return fileId == 0;
    }
  }
}
