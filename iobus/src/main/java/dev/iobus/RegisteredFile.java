package dev.iobus;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A slot in a ring's table of files, or in that of each ring of a [SharedBus]: the kernel need not look a
/// descriptor up, and the ring keeps what is open (and its lock) alive until the slot is given back and
/// the last operation on it has ended. Usable on the bus that made it only. Thread-safe, but for the bus's own part.
///
/// There are three ways to one.
///
/// | made by | what is open in it | ends with |
/// |---|---|---|
/// | [Bus#register(OpenFile)] | an [OpenFile], which stays open beside it | `unregister` |
/// | [Bus#openRegistered(java.nio.file.Path, OpenFlag...)] | a file without a descriptor | `close` |
/// | [Bus#reserveFile()] | nothing, then one file after the other | `unregister` |
public final class RegisteredFile implements BusFile {

  // Constant after construction.
  private final Object owner;
  private final BackendKind backend;
  private final @Nullable OpenFile file;
  /// In the table of each ring of the bus.
  private final int[] slots;
  private final boolean reserved;

  // Written by the bus thread.
  private volatile String path;
  private volatile boolean direct;
  private volatile boolean closing;
  private volatile boolean unregistered;

  /// Operations that hold its number, from before they are submitted until they have ended.
  private final AtomicInteger users = new AtomicInteger();

  private RegisteredFile(
      Object owner, BackendKind backend, @Nullable OpenFile file, int[] slots, boolean reserved) {
    this.owner = owner;
    this.backend = backend;
    this.file = file;
    this.slots = slots;
    this.reserved = reserved;
    path = file == null ? "slot " + slots[0] : file.path();
    direct = file != null && file.isDirect();
  }

  /// @param slots its slot in the table of each ring
  static RegisteredFile of(Object owner, OpenFile file, int[] slots) {
    return new RegisteredFile(owner, file.backend(), file, slots, false);
  }

  /// @param reserved whether it outlives the files that are opened into it
  static RegisteredFile empty(Object owner, BackendKind backend, int slot, boolean reserved) {
    return new RegisteredFile(owner, backend, null, new int[] {slot}, reserved);
  }

  /// The path that was last opened, or the number of the slot while there was none.
  @Override
  public String path() {
    return path;
  }

  @Override
  public boolean isDirect() {
    return direct;
  }

  /// As [OpenFile#grid]. Nobody tells of one that was opened into its slot.
  int grid() {
    return file != null ? file.grid() : direct ? Progress.GRID_BYTES : 1;
  }

  @Override
  public BackendKind backend() {
    return backend;
  }

  /// The file that was registered.
  ///
  /// @throws IllegalStateException if files are opened into the slot itself: they have no
  ///     descriptor
  public OpenFile file() {
    OpenFile present = file;
    if (present == null) {
      throw new IllegalStateException(
          path + " was opened into its slot and has no descriptor; open and register it for one");
    }
    return present;
  }

  /// Whether it is this open file that was registered.
  boolean holds(BusFile open) {
    return open.equals(file);
  }

  /// Whether files are opened into the slot itself, so that they have no descriptor.
  public boolean isSlotOnly() {
    return file == null;
  }

  /// Whether it was reserved, and so outlives the files that are opened into it.
  boolean isReserved() {
    return reserved;
  }

  int slot(Object user) {
    return slot(user, 0);
  }

  /// The slot in the table of one ring of the bus `user`.
  @SuppressWarnings("ReferenceEquality") // The same bus, not an equal one.
  int slot(Object user, int ring) {
    if (user != owner) {
      throw new IllegalArgumentException("file " + path + " is registered with another bus");
    }
    if (unregistered || closing) {
      throw new IllegalStateException(
          "file " + path + (unregistered ? " is no longer registered" : " is being closed"));
    }
    return slots[ring];
  }

  /// The slot, whatever became of it.
  int slot() {
    return slots[0];
  }

  /// The slots in the tables of all rings, whatever became of them.
  int[] slots() {
    return slots;
  }

  /// Takes note of what is going to be opened into the slot.
  void opening(String path, boolean direct) {
    this.path = path;
    this.direct = direct;
  }

  /// Refuses new operations from now on, but for a reserved slot, which may be filled again.
  int startClosing(Object user) {
    int number = slot(user);
    closing = !reserved;
    return number;
  }

  /// Takes that back: the close has ended.
  void endClosing() {
    closing = false;
  }

  void markUnregistered() {
    unregistered = true;
  }

  boolean isUnregistered() {
    return unregistered;
  }

  /// Counts one more operation. Counted first and looked at after, either it sees that the file is
  /// unregistered, or whoever unregisters it sees the operation.
  void retain() {
    users.incrementAndGet();
  }

  void release() {
    users.decrementAndGet();
  }

  boolean isInUse() {
    return users.get() > 0;
  }

  @Override
  public String toString() {
    return "RegisteredFile[" + path + ", slot " + slots[0] + "]";
  }
}
