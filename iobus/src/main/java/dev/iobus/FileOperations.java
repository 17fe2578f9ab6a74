package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/// The other operations of a [Bus] on files and names, and what it registers with the host. Each
/// operation prepares a handle as [TransferOperations] do.
///
/// Confined to the bus thread.
abstract sealed class FileOperations extends TransferOperations permits NetworkOperations {

  abstract Registrations registrations();

  /// Prepares to open a file; without flags, for reading.
  ///
  /// The open of a named pipe waits until its other end is opened: on io_uring until it is cancelled; on
  /// kqueue it holds one of the threads that files have. On NIO, which has no transfers on pipes, it is
  /// refused with [NotSupportedException].
  public Handle open(Path path, OpenFlag... flags) {
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    Handle handle = onPath(Op.OPEN, path);
    handle.request.openBits = bits;
    return handle;
  }

  /// Prepares to open a file for writing, and to create it with mode 0600 if it does not exist.
  public Handle create(Path path, OpenFlag... flags) {
    OpenFlag[] all = Arrays.copyOf(flags, flags.length + 2);
    all[flags.length] = OpenFlag.CREATE;
    all[flags.length + 1] = OpenFlag.WRITE;
    return open(path, all);
  }

  /// Takes a slot of the ring's own table of files, empty, for
  /// [#openRegistered(RegisteredFile, Path, OpenFlag...)]. Known before the file is open, it can be
  /// used in the same run; in a series, as a chain would be cut before its close by a file that is
  /// shorter than `into`:
  ///
  /// ```java
  /// RegisteredFile slot = bus.reserveFile();
  /// bus.serialize(bus.openRegistered(slot, path), bus.read(slot, into, 0), bus.close(slot));
  /// ```
  ///
  /// The slot can be used again and again, and is given back by [#unregister(RegisteredFile)].
  ///
  /// @throws BusException ENFILE if all slots are in use: see [BusOptions]
  public RegisteredFile reserveFile() throws IOException {
    checkOpen();
    return registrations().reserve(checks().kind(), true);
  }

  /// Prepares to open a file straight into a slot of the ring's own table, without a descriptor. It
  /// ends with [Result#endOpenRegistered()]; a `close` of the file gives the slot back.
  ///
  /// No other bus can use such a file, and the kernel has no `stat` of it, which io_uring answers
  /// with [NotSupportedException]. Before Linux 5.17 the file is opened in the call that enqueues
  /// it.
  ///
  /// So nobody tells its bus the alignment that direct I/O on it needs: with [OpenFlag#DIRECT], what of
  /// `readFully` or `writeFully` comes back short goes on at a multiple of 4 KiB, also where it could go
  /// on at less. A device whose blocks are larger refuses that with EINVAL: there, `open` the file, `stat`
  /// it and [register it][#register(OpenFile)].
  ///
  /// @throws BusException ENFILE if all slots are in use: see [BusOptions]
  public Handle openRegistered(Path path, OpenFlag... flags) throws IOException {
    checkOpen();
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    RegisteredFile slot = registrations().reserve(checks().kind(), false);
    try {
      return openInto(slot, path, bits);
    } catch (RuntimeException e) {
      registrations().remove(slot);
      throw e;
    }
  }

  /// As above, into a slot that was taken by [#reserveFile()]. What was open in it is closed.
  /// Before Linux 5.17 it can only stand at the beginning of a chain or series.
  public Handle openRegistered(RegisteredFile slot, Path path, OpenFlag... flags) {
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    slot.slot(this);
    if (!slot.isReserved()) {
      throw new IllegalArgumentException(slot + " was not made by reserveFile");
    }
    return openInto(slot, path, bits);
  }

  /// Prepares to make a file's bytes and metadata durable (fsync), or the names in a directory
  /// that was opened with [OpenFlag#DIRECTORY].
  public Handle sync(BusFile file) {
    return onFile(Op.FSYNC, file);
  }

  /// Prepares to make a file's bytes and length durable (fdatasync).
  public Handle dataSync(BusFile file) {
    return onFile(Op.FDATASYNC, file);
  }

  /// Prepares to set the length of a file in bytes; new bytes are zero.
  public Handle truncate(BusFile file, long length) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length + " is negative");
    }
    Handle handle = onFile(Op.TRUNCATE, file);
    handle.request.offset = length;
    return handle;
  }

  /// Prepares to have a range of a file written to the device, sync_file_range(2).
  ///
  /// **This makes nothing durable.** Neither the file's length nor where its bytes are is written,
  /// and the device may keep the bytes in a cache that loses them with the power. It smooths the
  /// load before a later [#dataSync], which alone gives the guarantee. Linux only, and not on NIO.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes; 0, or more than 4,294,967,295, for all to the end of the file
  public Handle syncRange(BusFile file, long offset, long length) {
    return onRange(Op.SYNC_RANGE, file, offset, length);
  }

  /// Prepares to reserve space for a range, fallocate(2) with mode 0: later writes to it do not
  /// fail for want of space, and a file that is shorter ends at the end of the range. Bytes that
  /// were not there are zero.
  ///
  /// A file system or host without such a thing is a [NotSupportedException]. NIO writes zeros
  /// behind the end of the file instead, which takes as long as any write, and reserves nothing for
  /// holes before it.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes, at least 1
  public Handle allocate(BusFile file, long offset, long length) {
    if (length == 0) {
      throw new IllegalArgumentException("the length is 0: there is nothing to allocate");
    }
    return onRange(Op.ALLOCATE, file, offset, length);
  }

  /// Prepares to say how a range is going to be used, posix_fadvise(2). NIO and macOS cannot
  /// pass it on: there it ends well and does nothing.
  ///
  /// @param offset position in the file in bytes, at least 0
  /// @param length bytes; 0, or more than 4,294,967,295, for all to the end of the file
  public Handle advise(BusFile file, long offset, long length, Advice advice) {
    Objects.requireNonNull(advice, "advice");
    Handle handle = onRange(Op.ADVISE, file, offset, length);
    handle.request.advice = advice.number;
    return handle;
  }

  /// Prepares to rename a file; an existing `to` is replaced in one step. The new name is durable
  /// when its directory was synced.
  public Handle rename(Path from, Path to) {
    Objects.requireNonNull(from, "from");
    Objects.requireNonNull(to, "to");
    Checks.path(to);
    Handle handle = onPath(Op.RENAME, from);
    handle.request.target = to;
    return handle;
  }

  /// Prepares to remove the name of a file; a directory is refused.
  public Handle unlink(Path path) {
    Objects.requireNonNull(path, "path");
    return onPath(Op.UNLINK, path);
  }

  /// Prepares to give a file a second name on the same file system, linkat(2); fails when `path`
  /// exists. A symbolic link is linked itself, and a directory is refused. The new name is durable
  /// when its directory was synced.
  public Handle link(Path existing, Path path) {
    Objects.requireNonNull(existing, "existing");
    Objects.requireNonNull(path, "path");
    Checks.path(path);
    Handle handle = onPath(Op.LINK, existing);
    handle.request.target = path;
    return handle;
  }

  /// Prepares to create a directory with mode 0700, mkdirat(2); the one above it must exist.
  public Handle createDirectory(Path path) {
    Objects.requireNonNull(path, "path");
    return onPath(Op.CREATE_DIRECTORY, path);
  }

  /// Prepares to ask for what is known of an open file.
  public Handle stat(BusFile file) {
    // By the descriptor where there is one: the kernel takes no slot.
    if (file instanceof RegisteredFile registered && !registered.isSlotOnly()) {
      registered.slot(this);
      return onFile(Op.STAT, registered.file());
    }
    return onFile(Op.STAT, file);
  }

  /// Prepares to close a file. From `enqueue` on, new operations on it are refused; those in
  /// flight on this bus end undisturbed: the close waits for those that still need the number of
  /// the descriptor (full transfers, members of runs, syncs and the like), as the next file that is
  /// opened gets it. While such operations are in flight on other busses, `enqueue` refuses the close
  /// with an [IllegalStateException]. Where the close is cancelled, as part of a chain that was cut,
  /// the file is open as before.
  public Handle close(OpenFile file) {
    checks().file(file);
    file.checkClosable();
    file.descriptor();
    Handle handle = take(Op.CLOSE);
    handle.file = file;
    return handle;
  }

  /// Prepares to close a file that was opened into its slot. As above, and a slot that was reserved
  /// stays: it takes new operations, for which it is empty until another file is opened into it.
  ///
  /// @throws IllegalArgumentException for a file that was registered beside its descriptor:
  ///     unregister it
  public Handle close(RegisteredFile file) {
    if (!file.isSlotOnly()) {
      throw new IllegalArgumentException(
          file + " was registered beside its descriptor; unregister it, and close its file");
    }
    return onFile(Op.CLOSE, file);
  }

  /// Puts an open file into the ring's own table, which saves the kernel a lookup per operation
  /// and keeps the file and its lock alive until [#unregister(RegisteredFile)].
  public RegisteredFile register(OpenFile file) throws IOException {
    checkOpen();
    checks().file(file);
    return registrations().add(file);
  }

  /// Gives the slot back, once the operations in flight on it have ended. What was opened into it
  /// is closed by it.
  public void unregister(RegisteredFile file) {
    checkOpen();
    registrations().remove(file);
  }

  /// Makes memory known to the kernel: up to 64 buffers at a time, of up to 1 GiB each. Where that is
  /// refused, the buffer works as plain memory and [RegisteredBuffer#refusal()] says why.
  public RegisteredBuffer register(MemorySegment memory) {
    checkOpen();
    checks().memory(memory, false);
    return registrations().add(memory, 1);
  }

  /// Allocates memory and makes it known to the kernel, as [#register(MemorySegment)]. All of it is
  /// there and zero; it begins at a page and ends with the registration.
  ///
  /// What is not on the pages that were asked for is told by [RegisteredBuffer#pages()] and, with the
  /// cause, by [Bus#fallbacks()].
  ///
  /// @param bytes 1 to 1 GiB
  public RegisteredBuffer newBuffer(long bytes, Pages pages) {
    checkOpen();
    return registrations().newBuffer(bytes, pages);
  }

  /// Ends a registration. Memory of [#newBuffer] is freed: parts of it that were used as plain memory
  /// must not be in flight either.
  ///
  /// @throws IllegalStateException while an operation on the buffer is prepared or in flight
  public void unregister(RegisteredBuffer buffer) {
    checkOpen();
    registrations().remove(buffer);
  }

  OpenFile newOpenFile(Handle handle, int descriptor) {
    boolean direct = (handle.request.openBits & OpenBits.DIRECT) != 0;
    return new OpenFile(
        Objects.requireNonNull(handle.request.path), descriptor, checks().kind(), direct);
  }

  /// Takes the end of an operation into account where its file is concerned. A close that was
  /// cancelled leaves the file open, and it can be closed again.
  void ended(Handle handle, int outcome) {
    boolean uncloses =
        handle.op == Op.CLOSE && outcome == -Errno.ECANCELED && handle.request.file >= 0;
    switch (handle.file) {
      case RegisteredFile registered -> endedOnSlot(handle.op, registered, outcome, uncloses);
      case OpenFile open when uncloses -> open.reopen();
      case OpenSocket socket when uncloses -> socket.reopen();
      case null, default -> {}
    }
  }

  private void endedOnSlot(Op op, RegisteredFile file, int outcome, boolean uncloses) {
    file.release();
    boolean open = op == Op.OPEN_REGISTERED ? outcome >= 0 : op != Op.CLOSE || uncloses;
    if (op == Op.CLOSE) {
      file.endClosing();
    }
    if (!open && !file.isReserved()) {
      file.markUnregistered();
    }
    registrations().giveBackIfUnused(file);
  }

  /// Closes a file that was to be opened, or was opened, into its slot and that nobody asks for.
  void discardOpened(Handle handle) {
    if (handle.file instanceof RegisteredFile file
        && !file.isReserved()
        && !file.isUnregistered()) {
      registrations().remove(file);
    }
  }

  private Handle openInto(RegisteredFile slot, Path path, int bits) {
    Handle handle = onPath(Op.OPEN_REGISTERED, path);
    handle.request.openBits = bits;
    handle.file = slot;
    slot.opening(path.toString(), (bits & OpenBits.DIRECT) != 0);
    return handle;
  }

  private Handle onPath(Op op, Path path) {
    Checks.path(path);
    Handle handle = take(op, path.toString());
    handle.request.path = path;
    return handle;
  }

  private Handle onRange(Op op, BusFile file, long offset, long length) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length + " is negative");
    }
    Checks.range(offset, length);
    Handle handle = onFile(op, file);
    handle.request.offset = offset;
    handle.request.rangeLength = length;
    return handle;
  }
}
