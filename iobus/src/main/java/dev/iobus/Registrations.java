package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.HugeMemory;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// The files and the memory that the rings of one bus know: all of them, or those asked for, or none.
/// Thread-safe.
final class Registrations {

  /// One registered buffer of io_uring holds at most this much, `io_uring_register(2)`.
  static final long BUFFER_BYTES_MAX = 1L << 30;

  private static final long NORMAL_PAGE_BYTES = 4096;
  private static final int FALLBACKS_MAX = 16;

  private final Object owner;
  private final BackendKind kind;
  private final Backend[] rings;

  /// A leaf: nothing waits while it is held.
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final List<RegisteredFile> files = new ArrayList<>();
  private final List<RegisteredBuffer> buffers = new ArrayList<>();
  private final List<String> fallbacks = new ArrayList<>();

  /// @param owner the bus on which the registrations can be used
  /// @param rings its own, at least one
  Registrations(Object owner, BackendKind kind, Backend... rings) {
    this.owner = owner;
    this.kind = kind;
    this.rings = rings;
  }

  RegisteredFile add(OpenFile file) throws IOException {
    int[] slots = new int[rings.length];
    for (int ring = 0; ring < rings.length; ring++) {
      slots[ring] = rings[ring].registerFile(file.descriptor());
      if (slots[ring] < 0) {
        unregisterFiles(slots, ring);
        throw refusal("register", file.path(), slots[ring]);
      }
    }
    return keep(RegisteredFile.of(owner, file, slots));
  }

  /// Gives the slots of the first so many rings back.
  private void unregisterFiles(int[] slots, int count) {
    for (int ring = 0; ring < count; ring++) {
      rings[ring].unregisterFile(slots[ring]);
    }
  }

  /// Takes an empty slot, for files to be opened into, of the only ring.
  ///
  /// @param reserved whether it outlives the first of them
  RegisteredFile reserve(BackendKind kind, boolean reserved) throws BusException {
    int slot = rings[0].reserveFile();
    if (slot < 0) {
      throw refusal("reserve", "a slot for a file", slot);
    }
    return keep(RegisteredFile.empty(owner, kind, slot, reserved));
  }

  private RegisteredFile keep(RegisteredFile file) {
    lock.lock();
    try {
      files.add(file);
    } finally {
      lock.unlock();
    }
    return file;
  }

  private static BusException refusal(String operation, String file, int result) {
    if (result != -Errno.ENFILE) {
      return BusException.of(operation, file, result, null);
    }
    return new BusException(
        operation,
        file,
        Errno.ENFILE,
        "ENFILE",
        "all slots of the ring's table of files are in use; close or unregister some. It has one for"
            + " each file that the process may open (ulimit -n), up to BusOptions.withFiles");
  }

  void remove(RegisteredFile file) {
    file.slot(owner);
    file.markUnregistered();
    giveBackIfUnused(file);
  }

  /// Empties the slot of an unregistered file once no operation is in flight on it: one that the
  /// kernel has not started yet would find it empty, or another file in it.
  void giveBackIfUnused(RegisteredFile file) {
    if (!file.isUnregistered() || file.isInUse()) {
      return;
    }
    boolean kept;
    lock.lock();
    try {
      kept = files.remove(file);
    } finally {
      lock.unlock();
    }
    if (kept) {
      unregisterFiles(file.slots(), rings.length);
    }
  }

  /// @param count rings that may lock it, from the first on; see [SharedBus#register(MemorySegment, int)]
  RegisteredBuffer add(MemorySegment memory, int count) {
    return keep(RegisteredBuffer.of(owner, memory, registerWith(count, memory)));
  }

  /// An index for each ring, −1 with those that do not know it; or what one has answered that refuses,
  /// and then no ring knows the memory. The first registers it, and the others clone that where they
  /// can: it is locked once then.
  private int[] registerWith(int count, MemorySegment memory) {
    int[] results = new int[rings.length];
    Arrays.fill(results, -1);
    for (int ring = 0; ring < rings.length; ring++) {
      int result = ring > 0 ? rings[ring].cloneBuffer(rings[0], results[0]) : -1;
      if (result < 0 && ring < count) {
        result = rings[ring].registerBuffer(memory);
        if (result < 0) {
          unregisterBuffers(results, ring);
          Arrays.fill(results, result);
          return results;
        }
      }
      results[ring] = Math.max(result, -1);
    }
    return results;
  }

  /// Gives what the first so many rings know of a buffer back.
  private void unregisterBuffers(int[] indices, int count) {
    for (int ring = 0; ring < count; ring++) {
      if (indices[ring] >= 0) {
        rings[ring].unregisterBuffer(indices[ring]);
      }
    }
  }

  /// A buffer whose memory goes with it.
  RegisteredBuffer newBuffer(long bytes, Pages pages) {
    if (bytes < 1 || bytes > BUFFER_BYTES_MAX) {
      throw new IllegalArgumentException(bytes + " bytes are not 1 to " + BUFFER_BYTES_MAX);
    }
    Arena arena = Arena.ofShared();
    boolean kept = false;
    try {
      HugeMemory huge = pages == Pages.HUGE ? rings[0].mapHuge(arena, bytes) : null;
      String shortfall = huge != null ? huge.shortfall() : "this backend maps no huge pages";
      if (pages == Pages.HUGE && shortfall != null) {
        tell("a buffer of " + bytes + " bytes is not all on huge pages: " + shortfall);
      }
      MemorySegment memory =
          huge != null ? huge.memory() : arena.allocate(bytes, NORMAL_PAGE_BYTES);
      Pages granted = pages == Pages.HUGE && shortfall == null ? Pages.HUGE : Pages.NORMAL;
      RegisteredBuffer buffer =
          keep(
              RegisteredBuffer.owning(owner, memory, registerWith(rings.length, memory), arena, granted));
      kept = true;
      return buffer;
    } finally {
      if (!kept) {
        arena.close();
      }
    }
  }

  private RegisteredBuffer keep(RegisteredBuffer buffer) {
    String refusal = buffer.refusal();
    if (refusal != null && rings[0].registersBuffers()) { // Others tell it themselves.
      tell("registered memory is used as plain memory: " + refusal);
    }
    lock.lock();
    try {
      buffers.add(buffer);
    } finally {
      lock.unlock();
    }
    return buffer;
  }

  private void tell(String fallback) {
    BusEvents.fallback(kind.label(), fallback);
    lock.lock();
    try {
      if (!fallbacks.contains(fallback) && fallbacks.size() < FALLBACKS_MAX) {
        fallbacks.add(fallback);
      }
    } finally {
      lock.unlock();
    }
  }

  /// What was given in place of what was asked for, one line each.
  List<String> fallbacks() {
    lock.lock();
    try {
      return List.copyOf(fallbacks);
    } finally {
      lock.unlock();
    }
  }

  /// @throws IllegalStateException while operations on the buffer are in flight
  void remove(RegisteredBuffer buffer) {
    buffer.index(owner); // Refuses one of another bus.
    buffer.markUnregistered();
    lock.lock();
    try {
      buffers.remove(buffer);
    } finally {
      lock.unlock();
    }
    unregisterBuffers(buffer.indices(), rings.length);
    buffer.freeMemory();
  }

  /// Ends all registrations.
  ///
  /// @param drained whether nothing is in flight any more; otherwise the kernel keeps what it has
  void close(boolean drained) {
    lock.lock();
    try {
      for (RegisteredFile file : files) {
        file.markUnregistered();
        if (drained) {
          unregisterFiles(file.slots(), rings.length);
        }
      }
      files.clear();
      for (RegisteredBuffer buffer : buffers) {
        if (drained) {
          buffer.markUnregistered();
          unregisterBuffers(buffer.indices(), rings.length);
          buffer.freeMemory();
        }
      }
      buffers.clear();
    } finally {
      lock.unlock();
    }
  }
}
