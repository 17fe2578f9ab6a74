package dev.iobus;

import java.nio.file.Path;

/// A file opened through a bus. It may be used on every bus of the same backend in this JVM.
/// Thread-safe. Closed by the `close` operation of a bus, once; who uses it after that gets an
/// [IllegalStateException].
///
/// Other busses whose operations in flight still need the number of the descriptor refuse the close.
/// What another bus has only enqueued does not: submit it there before it is closed here, as the
/// next file that is opened gets the number.
public final class OpenFile implements BusFile {

  private final Path path;
  private final int descriptor;
  private final BackendKind backend;
  private final boolean direct;
  private final boolean ofBus;

  private final DescriptorUses uses = new DescriptorUses();

  /// See [#grid]; from any thread.
  private volatile int directGrid = Progress.GRID_BYTES;

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

  /// What offsets of requests on it must be a multiple of: where it is direct, as a [FileStatus] of it
  /// has told; 1 where it is not.
  int grid() {
    return direct ? directGrid : 1;
  }

  /// Takes note of what the host tells of it.
  void learn(FileStatus status) {
    int alignment = status.directOffsetAlignment();
    if (direct && alignment > 0 && Integer.bitCount(alignment) == 1) {
      directGrid = alignment;
    }
  }

  /// Whether a close of it was submitted.
  public boolean isClosed() {
    return uses.isClosed();
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
    if (!uses.retain()) {
      throw new IllegalStateException("file " + path + " is closed");
    }
    return descriptor;
  }

  void release() {
    uses.release();
  }

  DescriptorUses uses() {
    return uses;
  }

  /// @throws IllegalArgumentException for the descriptor of a bus itself
  void checkClosable() {
    if (ofBus) {
      throw new IllegalArgumentException("the file of a bus is closed with the bus");
    }
  }

  /// Takes the right to close; at most one caller gets the descriptor.
  ///
  /// @param own operations of the caller's that need it until they have ended
  int releaseDescriptor(int own) {
    uses.close(own, "file " + path);
    return descriptor;
  }

  /// Gives the right to close back, as the close was cancelled before it took effect.
  void reopen() {
    uses.reopen();
  }

  @Override
  public String toString() {
    return "OpenFile[" + path + (isClosed() ? ", closed]" : "]");
  }
}
