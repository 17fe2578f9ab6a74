package dev.iobus;

import dev.iobus.backend.NativePath;
import dev.iobus.backend.NioBackend;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// What a bus on one kind of backend demands of its arguments. Immutable.
///
/// @param kind the backend of the bus
record Checks(BackendKind kind) {

  /// @throws IllegalArgumentException for a file of another backend
  void file(BusFile file) {
    if (file.backend() != kind) {
      throw new IllegalArgumentException(
          file.path() + " was opened on " + file.backend().label()
              + ", and this bus stands on " + kind.label());
    }
  }

  /// @param written whether the operation writes to the memory
  /// @throws IllegalArgumentException for memory that the backend cannot transfer
  /// @throws IllegalStateException for memory that was freed
  void memory(MemorySegment memory, boolean written) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException(
          "the memory is on the heap, where the collector moves it; allocate it from an Arena");
    }
    if (written && memory.isReadOnly()) {
      throw new IllegalArgumentException("the memory is read-only");
    }
    alive(memory);
    if (kind != BackendKind.IO_URING && !NioBackend.reaches(memory)) {
      throw new IllegalArgumentException(
          "the memory is confined to one thread, and the backend " + kind.label()
              + " transfers on others;"
              + " allocate it from a shared arena");
    }
    if (!memory.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalArgumentException(
          "the memory is confined to another thread; allocate it here, or from a shared arena");
    }
  }

  /// Asked again when memory is given to the kernel, which knows addresses alone: what a read brings
  /// would go to whoever has them by then.
  ///
  /// @throws IllegalStateException for memory that was freed
  static void alive(MemorySegment memory) {
    if (!isAlive(memory)) {
      throw new IllegalStateException("the memory was freed: its arena is closed");
    }
  }

  static boolean isAlive(MemorySegment memory) {
    return memory.scope().isAlive();
  }

  /// @throws IllegalArgumentException for a path that the host cannot be given
  static void path(Path path) {
    NativePath.check(path);
  }

  /// @throws IllegalArgumentException for a range that no file can have
  static void range(long offset, long length) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
    if (offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException(
          "offset " + offset + " with length " + length + " is beyond what a file can hold");
    }
  }

  /// @param length bytes of a write that must be atomic
  /// @throws IllegalArgumentException for one that no device takes
  static void atomic(BusFile file, long length, long offset) {
    if (!file.isDirect()) {
      throw new IllegalArgumentException(
          "an atomic write needs a file that was opened with DIRECT, which " + file.path()
              + " was not");
    }
    if (Long.bitCount(length) != 1 || offset % length != 0) {
      throw new IllegalArgumentException(
          "the length of an atomic write is a power of two and the offset a multiple of it;"
              + " offset " + offset + " with length " + length);
    }
  }

  /// For a write that may take several requests.
  static IllegalArgumentException atomicInParts() {
    return new IllegalArgumentException("an atomic write is one request; use write");
  }
}
