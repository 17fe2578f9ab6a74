package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Transfers of one caller that are in flight together on a [SharedBus].
///
/// Add transfers, [#await()] them all, ask for each [#result], then [#clear()] and use the batch
/// again. Each transfer is resumed when it comes back short, so that a result below its length
/// means the end of the file.
///
/// Confined to one thread at a time. Memory as on [SharedBus]: alive until [#await()] returns.
public final class IoBatch {

  private final SharedBus bus;
  private final CallGate gate;
  private final SharedRings rings;
  private final FileUse filesInUse;
  private final InlineCalls inline;
  private final SlotCalls calls;
  private final int runMax;

  private final Call call = new Call();

  /// That of the caller, from the beginning of an await to its end.
  private SharedRing ring;

  private final Slot[] run;
  private final Slot[] inFlight;
  private int inFlightCount;

  /// Slots that were taken and not given back.
  private int slotsHeld;

  // One entry for each transfer.
  private final Op[] ops;
  private final BusFile[] files;
  private final MemorySegment[] memory;
  private final @Nullable RegisteredBuffer[] buffers;
  private final long[] offsets;
  private final int[] lengths;
  private final WriteFlag[] flags;
  /// Bytes that have been transferred, or a negated error number.
  private final int[] results;
  private final Progress[] progress;
  /// Results in a row that asked for the same once more.
  private final int[] retries;
  private int size;

  /// So many of the first entries have ended.
  private int awaited;

  /// Entries that wait to be submitted: a ring.
  private final int[] toDo;
  private int toDoFrom;
  private int toDoCount;

  /// Results of the present await that were taken into account.
  private int taken;

  /// The most that any entry to do has of [#retries].
  private int retriesToDo;

  IoBatch(
      SharedBus bus,
      CallGate gate,
      SharedRings rings,
      FileUse filesInUse,
      InlineCalls inline,
      SlotCalls calls,
      int capacity,
      int runMax) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is below 1");
    }
    this.bus = bus;
    this.gate = gate;
    this.rings = rings;
    ring = rings.first();
    this.filesInUse = filesInUse;
    this.inline = inline;
    this.calls = calls;
    this.runMax = runMax;
    run = new Slot[runMax];
    inFlight = new Slot[Math.min(capacity, bus.capacity())];
    ops = new Op[capacity];
    files = new BusFile[capacity];
    memory = new MemorySegment[capacity];
    buffers = new RegisteredBuffer[capacity];
    offsets = new long[capacity];
    lengths = new int[capacity];
    flags = new WriteFlag[capacity];
    results = new int[capacity];
    progress = new Progress[capacity];
    Arrays.setAll(progress, i -> new Progress());
    retries = new int[capacity];
    toDo = new int[capacity];
  }

  /// Transfers in the batch.
  public int size() {
    return size;
  }

  /// Adds a read of `into.byteSize()` bytes, at most 512 KiB.
  ///
  /// @return its index
  public int read(BusFile file, MemorySegment into, long offset) {
    return add(Op.READ, file, into, null, offset, WriteFlag.NONE);
  }

  /// Adds a read into a part of a registered buffer.
  ///
  /// @return its index
  public int read(
      BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset) {
    MemorySegment part = buffer.memory().asSlice(bufferOffset, length);
    return add(Op.READ, file, part, buffer, offset, WriteFlag.NONE);
  }

  /// Adds a write of all of `from`, at most 512 KiB.
  ///
  /// @return its index
  /// @throws IllegalArgumentException for an atomic write of a length that is no power of two, of an
  ///     offset that is no multiple of it, or to a file that is not direct
  public int write(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    return add(Op.WRITE, file, from, null, offset, flag);
  }

  /// Adds a write from a part of a registered buffer.
  ///
  /// @return its index
  public int write(
      BusFile file,
      RegisteredBuffer buffer,
      long bufferOffset,
      int length,
      long offset,
      WriteFlag flag) {
    MemorySegment part = buffer.memory().asSlice(bufferOffset, length);
    return add(Op.WRITE, file, part, buffer, offset, flag);
  }

  /// Adds a transfer of all of `part`.
  ///
  /// @param buffer whose memory `part` is; null for plain memory
  int add(
      Op op,
      BusFile file,
      MemorySegment part,
      @Nullable RegisteredBuffer buffer,
      long offset,
      WriteFlag flag) {
    if (size == ops.length) {
      throw new QueueFullException("the batch holds " + size + " transfers, its capacity");
    }
    bus.checks().memory(part, op == Op.READ);
    if (buffer != null) {
      buffer.index(bus); // Refuses one of another bus.
    }
    bus.files().check(file);
    Checks.range(offset, part.byteSize());
    if (part.byteSize() == 0 || part.byteSize() > SharedBus.TRANSFER_MAX) {
      throw new IllegalArgumentException(
          "a transfer of " + part.byteSize() + " bytes is not in 1 to " + SharedBus.TRANSFER_MAX);
    }
    if (flag == WriteFlag.ATOMIC) {
      SharedBus.checkAtomic(file, part.byteSize(), offset);
    }
    int index = size++;
    ops[index] = op;
    files[index] = file;
    memory[index] = part;
    buffers[index] = buffer;
    offsets[index] = offset;
    lengths[index] = (int) part.byteSize();
    flags[index] = flag;
    results[index] = 0;
    return index;
  }

  /// Submits all transfers, in runs of at most eight, and waits until each has ended. What became
  /// of one is told by [#result]. One that the kernel asks to submit again (EAGAIN, EINTR) is, with
  /// pauses, until about half a second has passed; then it ends with that error.
  ///
  /// @throws IOException when the bus has failed
  public void await() throws IOException {
    gate.enter();
    try {
      call.begin(bus.scheduler().currentTask());
      ring = rings.ofCaller();
      awaited = 0;
      taken = 0;
      toDoFrom = 0;
      toDoCount = size;
      for (int i = 0; i < size; i++) {
        toDo[i] = i;
        progress[i].begin();
        retries[i] = 0;
        results[i] = 0;
      }
      slotsHeld = 0;
      if (size != 1 || !readHere()) {
        submitAndAwaitAll();
      }
      awaited = size;
    } finally {
      gate.exit();
    }
  }

  private void submitAndAwaitAll() throws IOException {
    try {
      submitAndAwaitEach();
    } catch (RuntimeException | Error t) {
      if (slotsHeld > 0) {
        throw rings.failure().struckBy(t);
      }
      throw t;
    }
  }

  private void submitAndAwaitEach() throws IOException {
    while (toDoCount > 0 || inFlightCount > 0) {
      Retry.pause(bus.scheduler(), retriesToDo);
      retriesToDo = 0;
      boolean submitted = submitRun();
      if (inFlightCount > 0 && (toDoCount == 0 || !submitted)) {
        awaitSome(toDoCount == 0 ? inFlightCount : 1);
      }
    }
  }

  /// A lone read of a platform thread, in one call; false when the ring has to go on.
  private boolean readHere() {
    if (ops[0] != Op.READ || bus.scheduler().currentTask().isVirtual()) {
      return false;
    }
    RegisteredBuffer buffer = buffers[0];
    try {
      if (buffer != null) {
        buffer.index(bus); // Refuses one of another bus.
        buffer.retain();
      }
      try {
        int count = inline.read(files[0], memory[0], offsets[0], lengths[0]);
        boolean whole = count == 0 || count == lengths[0];
        results[0] = whole ? count : 0;
        return whole;
      } finally {
        if (buffer != null) {
          buffer.release();
        }
      }
    } catch (IllegalStateException e) {
      return false; // Closed meanwhile, which the usual way tells.
    }
  }

  /// Submits what is to do, up to one run, as far as there are slots.
  private boolean submitRun() throws IOException {
    int count = 0;
    while (toDoCount > 0 && count < runMax && inFlightCount + count < inFlight.length) {
      // The first slot may be waited for: this caller then holds none that others wait for.
      Slot slot = inFlightCount + count == 0 ? ring.reaping.acquire() : ring.slots.tryAcquire();
      if (slot == null) {
        break;
      }
      slotsHeld++;
      int entry = toDo[toDoFrom];
      toDoFrom = toDoFrom + 1 == toDo.length ? 0 : toDoFrom + 1;
      toDoCount--;
      if (begin(slot, entry)) {
        run[count++] = slot;
      }
    }
    if (count == 0) {
      return false;
    }
    System.arraycopy(run, 0, inFlight, inFlightCount, count);
    inFlightCount += count;
    ring.reaping.submit(run, count, toDoCount > 0);
    return true;
  }

  /// Readies one transfer; false when its file or buffer was closed meanwhile, which ends it.
  private boolean begin(Slot slot, int entry) {
    RegisteredBuffer buffer = buffers[entry];
    Request request = slot.request;
    try {
      request.bufferIndex = -1;
      if (buffer != null) {
        request.bufferIndex = buffer.index(bus, slot.ring);
        buffer.retain();
      }
      try {
        filesInUse.use(slot, files[entry]);
      } catch (IllegalStateException e) {
        if (buffer != null) {
          buffer.release();
        }
        throw e;
      }
    } catch (IllegalStateException e) {
      results[entry] = -Errno.EBADF;
      ring.slots.release(slot);
      slotsHeld--;
      return false;
    }
    int start = (int) progress[entry].start();
    request.op = ops[entry];
    request.offset = offsets[entry] + start;
    request.length = lengths[entry] - start;
    request.buffer = start == 0 ? memory[entry] : memory[entry].asSlice(start);
    flags[entry].set(request);
    slot.begin(call);
    slot.entry = entry;
    return true;
  }

  /// Waits for `count` more results, and takes all that are there.
  private void awaitSome(int count) throws IOException {
    ring.reaping.await(call, taken + count, inFlight[0].index);
    int completed = call.completed;
    int i = 0;
    while (taken < completed) {
      Slot slot = inFlight[i];
      if (!slot.done) {
        i++;
        continue;
      }
      taken++;
      inFlight[i] = inFlight[--inFlightCount];
      int entry = slot.entry;
      int result = slot.result;
      calls.tellIfSlow(slot, files[entry].path());
      end(slot);
      if (account(entry, result)) {
        int at = toDoFrom + toDoCount++;
        toDo[at < toDo.length ? at : at - toDo.length] = entry;
      }
    }
  }

  private void end(Slot slot) {
    RegisteredBuffer buffer = buffers[slot.entry];
    if (buffer != null) {
      buffer.release();
    }
    filesInUse.letGo(files[slot.entry]);
    ring.slots.release(slot);
    slotsHeld--;
  }

  /// Takes one result into account. Returns whether the transfer must go on.
  private boolean account(int entry, int result) {
    if (Retry.isAsked(result) && retries[entry]++ < Retry.MAX) {
      retriesToDo = Math.max(retriesToDo, retries[entry]);
      return true;
    }
    retries[entry] = 0;
    Progress reached = progress[entry];
    if (result < 0) {
      boolean ends = result == -Errno.EINVAL && reached.isOffGrid();
      results[entry] = ends ? (int) reached.furthest() : result;
      return false;
    }
    int length = lengths[entry];
    if (result > 0 && reached.start() + result < length) {
      bus.counts().cameShort();
    }
    boolean writes = ops[entry] == Op.WRITE;
    boolean goesOn = reached.advance(result, length, writes, Progress.gridOf(files[entry]));
    boolean stuck = !goesOn && writes && reached.furthest() < length;
    results[entry] = stuck ? -Errno.EIO : (int) reached.furthest();
    return goesOn;
  }

  /// The result of one transfer: the bytes transferred, up to its length.
  ///
  /// @throws BusException when it failed, or a write could make no progress
  /// @throws IllegalStateException before [#await()] has returned since it was added
  public int result(int index) throws IOException {
    checkIndex(index);
    if (index >= awaited) {
      throw new IllegalStateException("transfer " + index + " has no result before await");
    }
    if (results[index] < 0) {
      Request request = new Request();
      request.op = ops[index];
      flags[index].set(request);
      throw BusException.of(
          request.op.label(), files[index].path(), results[index], request, bus.backend());
    }
    return results[index];
  }

  /// The length that the transfer was added with.
  public int length(int index) {
    checkIndex(index);
    return lengths[index];
  }

  private void checkIndex(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("transfer " + index + " of " + size);
    }
  }

  /// Forgets all transfers.
  public void clear() {
    for (int i = 0; i < size; i++) {
      memory[i] = MemorySegment.NULL;
      buffers[i] = null;
    }
    size = 0;
    awaited = 0;
  }
}
