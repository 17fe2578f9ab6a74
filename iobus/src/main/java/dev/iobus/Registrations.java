package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.HugeMemory;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// The files and the memory that one ring knows. Thread-safe.
final class Registrations {

  /// One registered buffer of io_uring holds at most this much, `io_uring_register(2)`.
  static final long BUFFER_BYTES_MAX = 1L << 30;

  private static final long NORMAL_PAGE_BYTES = 4096;
  private static final int FALLBACKS_MAX = 16;

  private final Object owner;
  private final Backend backend;
  private final BackendKind kind;

  /// A leaf: nothing waits while it is held.
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final List<RegisteredFile> files = new ArrayList<>();
  private final List<RegisteredBuffer> buffers = new ArrayList<>();
  private final List<String> fallbacks = new ArrayList<>();

  /// @param owner the bus on which the registrations can be used
  Registrations(Object owner, Backend backend, BackendKind kind) {
    this.owner = owner;
    this.backend = backend;
    this.kind = kind;
  }

  RegisteredFile add(OpenFile file) throws IOException {
    int slot = backend.registerFile(file.descriptor());
    if (slot < 0) {
      throw refusal("register", file.path(), slot);
    }
    return keep(RegisteredFile.of(owner, file, slot));
  }

  /// Takes an empty slot, for files to be opened into.
  ///
  /// @param reserved whether it outlives the first of them
  RegisteredFile reserve(BackendKind kind, boolean reserved) throws BusException {
    int slot = backend.reserveFile();
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
      backend.unregisterFile(file.slot());
    }
  }

  RegisteredBuffer add(MemorySegment memory) {
    return keep(RegisteredBuffer.of(owner, memory, backend.registerBuffer(memory)));
  }

  /// A buffer whose memory goes with it.
  RegisteredBuffer newBuffer(long bytes, Pages pages) {
    if (bytes < 1 || bytes > BUFFER_BYTES_MAX) {
      throw new IllegalArgumentException(bytes + " bytes are not 1 to " + BUFFER_BYTES_MAX);
    }
    Arena arena = Arena.ofShared();
    boolean kept = false;
    try {
      HugeMemory huge = pages == Pages.HUGE ? backend.mapHuge(arena, bytes) : null;
      String shortfall = huge != null ? huge.shortfall() : "this backend maps no huge pages";
      if (pages == Pages.HUGE && shortfall != null) {
        tell("a buffer of " + bytes + " bytes is not all on huge pages: " + shortfall);
      }
      MemorySegment memory =
          huge != null ? huge.memory() : arena.allocate(bytes, NORMAL_PAGE_BYTES);
      Pages granted = pages == Pages.HUGE && shortfall == null ? Pages.HUGE : Pages.NORMAL;
      int index = backend.registerBuffer(memory);
      RegisteredBuffer buffer =
          keep(RegisteredBuffer.owning(owner, memory, index, arena, granted));
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
    if (refusal != null && backend.registersBuffers()) { // Others tell it themselves.
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
    int index = buffer.index(owner);
    buffer.markUnregistered();
    lock.lock();
    try {
      buffers.remove(buffer);
    } finally {
      lock.unlock();
    }
    if (index >= 0) {
      backend.unregisterBuffer(index);
    }
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
          backend.unregisterFile(file.slot());
        }
      }
      files.clear();
      for (RegisteredBuffer buffer : buffers) {
        if (drained) {
          int index = buffer.index(owner);
          buffer.markUnregistered();
          if (index >= 0) {
            backend.unregisterBuffer(index);
          }
          buffer.freeMemory();
        }
      }
      buffers.clear();
    } finally {
      lock.unlock();
    }
  }
}
