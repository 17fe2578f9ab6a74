package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// The files and the memory that one ring knows. Thread-safe.
final class Registrations {

  private final Object owner;
  private final Backend backend;

  /// A leaf: nothing waits while it is held.
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final List<RegisteredFile> files = new ArrayList<>();
  private final List<RegisteredBuffer> buffers = new ArrayList<>();

  /// @param owner the bus on which the registrations can be used
  Registrations(Object owner, Backend backend) {
    this.owner = owner;
    this.backend = backend;
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
    int index = backend.registerBuffer(memory);
    RegisteredBuffer buffer =
        index >= 0
            ? new RegisteredBuffer(owner, memory, index, null)
            : RegisteredBuffer.refused(owner, memory, index);
    lock.lock();
    try {
      buffers.add(buffer);
    } finally {
      lock.unlock();
    }
    return buffer;
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
        }
      }
      buffers.clear();
    } finally {
      lock.unlock();
    }
  }
}
