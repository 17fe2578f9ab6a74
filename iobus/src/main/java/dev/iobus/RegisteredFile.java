package dev.iobus;

/// A slot in one ring's table of files: the kernel need not look the descriptor up, and the ring
/// keeps the open file (and its lock) alive until the slot is given back and the last operation
/// on it has ended. Usable on the bus that registered it only. Thread-safe.
public final class RegisteredFile implements BusFile {

  private final Object owner;
  private final OpenFile file;
  private final int slot;
  private volatile boolean unregistered;

  RegisteredFile(Object owner, OpenFile file, int slot) {
    this.owner = owner;
    this.file = file;
    this.slot = slot;
  }

  @Override
  public String path() {
    return file.path();
  }

  @Override
  public boolean isDirect() {
    return file.isDirect();
  }

  @Override
  public BackendKind backend() {
    return file.backend();
  }

  /// The file that was registered.
  public OpenFile file() {
    return file;
  }

  @SuppressWarnings("ReferenceEquality") // The same bus, not an equal one.
  int slot(Object user) {
    if (user != owner) {
      throw new IllegalArgumentException("file " + path() + " is registered with another bus");
    }
    if (unregistered) {
      throw new IllegalStateException("file " + path() + " is no longer registered");
    }
    return slot;
  }

  void markUnregistered() {
    unregistered = true;
  }

  @Override
  public String toString() {
    return "RegisteredFile[" + path() + ", slot " + slot + "]";
  }
}
