package dev.iobus;

import dev.iobus.backend.Backend;
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
      throw BusException.of("register", file.path(), slot, null);
    }
    RegisteredFile registered = new RegisteredFile(owner, file, slot);
    lock.lock();
    try {
      files.add(registered);
    } finally {
      lock.unlock();
    }
    return registered;
  }

  void remove(RegisteredFile file) {
    int slot = file.slot(owner);
    file.markUnregistered();
    lock.lock();
    try {
      files.remove(file);
    } finally {
      lock.unlock();
    }
    backend.unregisterFile(slot);
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
        int slot = file.slot(owner);
        file.markUnregistered();
        if (drained) {
          backend.unregisterFile(slot);
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
