package dev.iobus;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A file opened through a bus. It may be used on every bus of the same backend in this JVM.
/// Thread-safe. Closed by the `close` operation of a bus, once; who uses it after that gets an
/// [IllegalStateException].
public final class OpenFile implements BusFile {

  private final Path path;
  private final int descriptor;
  private final BackendKind backend;
  private final boolean direct;
  private final boolean ofBus;

  /// Operations of shared busses in flight on the descriptor; negative once it is closed.
  private final AtomicInteger users = new AtomicInteger();

  OpenFile(Path path, int descriptor, BackendKind backend, boolean direct) {
    this.path = path;
    this.descriptor = descriptor;
    this.backend = backend;
    this.direct = direct;
    this.ofBus = false;
  }

  /// The descriptor of a bus itself.
  private OpenFile(int descriptor, BackendKind backend) {
    this.path = Path.of("bus");
    this.descriptor = descriptor;
    this.backend = backend;
    this.direct = false;
    this.ofBus = true;
  }

  static OpenFile ofBus(int descriptor, BackendKind backend) {
    return new OpenFile(descriptor, backend);
  }

  @Override
  public String path() {
    return path.toString();
  }

  /// The backend whose busses can use this file.
  @Override
  public BackendKind backend() {
    return backend;
  }

  @Override
  public boolean isDirect() {
    return direct;
  }

  /// Whether a close of it was submitted.
  public boolean isClosed() {
    return users.get() < 0;
  }

  int descriptor() {
    if (isClosed()) {
      throw new IllegalStateException("file " + path + " is closed");
    }
    return descriptor;
  }

  /// The descriptor, which stays open until [#release]: another thread's close is refused
  /// meanwhile, so the number cannot come to mean another file.
  int retain() {
    if (users.getAndUpdate(n -> n < 0 ? n : n + 1) < 0) {
      throw new IllegalStateException("file " + path + " is closed");
    }
    return descriptor;
  }

  void release() {
    users.decrementAndGet();
  }

  /// @throws IllegalArgumentException for the descriptor of a bus itself
  void checkClosable() {
    if (ofBus) {
      throw new IllegalArgumentException("the file of a bus is closed with the bus");
    }
  }

  /// Takes the right to close; at most one caller gets the descriptor.
  int releaseDescriptor() {
    if (!users.compareAndSet(0, Integer.MIN_VALUE)) {
      int count = users.get();
      throw new IllegalStateException(
          count < 0
              ? "file " + path + " is closed"
              : "file " + path + " has " + count + " operations in flight; await them first");
    }
    return descriptor;
  }

  /// Gives the right to close back, as the close was cancelled before it took effect.
  void reopen() {
    users.compareAndSet(Integer.MIN_VALUE, 0);
  }

  @Override
  public String toString() {
    return "OpenFile[" + path + (isClosed() ? ", closed]" : "]");
  }
}
