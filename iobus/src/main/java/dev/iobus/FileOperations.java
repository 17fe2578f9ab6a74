package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.OpenBits;
import dev.iobus.backend.Vectors;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/// Prepares the operations of a [Bus] on files and names: checks the arguments, takes a handle and
/// fills its request. What each of them promises stands at the method of `Bus` by the same name.
///
/// All checks come before a handle is taken, so that a refused call changes nothing.
///
/// Confined to the bus thread.
final class FileOperations {

  private final Bus bus;
  private final Checks checks;
  private final Registrations registrations;

  FileOperations(Bus bus, Checks checks, Registrations registrations) {
    this.bus = bus;
    this.checks = checks;
    this.registrations = registrations;
  }

  Handle open(Path path, OpenFlag... flags) {
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    Handle handle = onPath(Op.OPEN, path);
    handle.request.openBits = bits;
    return handle;
  }

  Handle create(Path path, OpenFlag... flags) {
    OpenFlag[] all = Arrays.copyOf(flags, flags.length + 2);
    all[flags.length] = OpenFlag.CREATE;
    all[flags.length + 1] = OpenFlag.WRITE;
    return open(path, all);
  }

  RegisteredFile reserveFile() throws IOException {
    return registrations.reserve(checks.kind(), true);
  }

  Handle openRegistered(Path path, OpenFlag... flags) throws IOException {
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    RegisteredFile slot = registrations.reserve(checks.kind(), false);
    try {
      return openInto(slot, path, bits);
    } catch (RuntimeException e) {
      registrations.remove(slot);
      throw e;
    }
  }

  Handle openRegistered(RegisteredFile slot, Path path, OpenFlag... flags) {
    Objects.requireNonNull(path, "path");
    int bits = OpenFlag.bits(flags);
    slot.slot(bus);
    if (!slot.isReserved()) {
      throw new IllegalArgumentException(slot + " was not made by reserveFile");
    }
    return openInto(slot, path, bits);
  }

  private Handle openInto(RegisteredFile slot, Path path, int bits) {
    Handle handle = onPath(Op.OPEN_REGISTERED, path);
    handle.request.openBits = bits;
    handle.file = slot;
    slot.opening(path.toString(), (bits & OpenBits.DIRECT) != 0);
    return handle;
  }

  Handle close(RegisteredFile file) {
    if (!file.isSlotOnly()) {
      throw new IllegalArgumentException(
          file + " was registered beside its descriptor; unregister it, and close its file");
    }
    return onFile(Op.CLOSE, file);
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
    registrations.giveBackIfUnused(file);
  }

  /// Closes a file that was to be opened, or was opened, into its slot and that nobody asks for.
  void discardOpened(Handle handle) {
    if (handle.file instanceof RegisteredFile file
        && !file.isReserved()
        && !file.isUnregistered()) {
      registrations.remove(file);
    }
  }

  Handle read(BusFile file, MemorySegment into, long offset) {
    checks.memory(into, true);
    return transfer(Op.READ, file, into, checkLength(into.byteSize()), offset);
  }

  Handle read(BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset) {
    MemorySegment memory = memory(buffer, bufferOffset, length);
    checks.memory(memory, true);
    return useBuffer(transfer(Op.READ, file, memory, length, offset), buffer, bufferOffset);
  }

  Handle read(BusFile file, MemorySegment[] into, long offset) {
    int length = checkParts(into, true);
    return transferParts(Op.READ, file, into, length, offset);
  }

  Handle read(BusFile file, RegisteredBuffer buffer, MemorySegment[] into, long offset) {
    checkInside(buffer, into);
    int length = checkParts(into, true);
    return useBuffer(transferParts(Op.READ, file, into, length, offset), buffer, 0);
  }

  Handle write(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks.memory(from, false);
    int length = checkLength(from.byteSize());
    if (flag == WriteFlag.ATOMIC) {
      checkAtomic(file, length, offset);
    }
    Handle handle = transfer(Op.WRITE, file, from, length, offset);
    flag.set(handle.request);
    return handle;
  }

  Handle write(BusFile file, MemorySegment[] from, long offset, WriteFlag... flags) {
    int length = checkParts(from, false);
    checkFlags(file, length, offset, flags);
    Handle handle = transferParts(Op.WRITE, file, from, length, offset);
    WriteFlag.set(handle.request, flags);
    return handle;
  }

  Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      MemorySegment[] from,
      long offset,
      WriteFlag... flags) {
    checkInside(buffer, from);
    int length = checkParts(from, false);
    checkFlags(file, length, offset, flags);
    Handle handle = useBuffer(transferParts(Op.WRITE, file, from, length, offset), buffer, 0);
    WriteFlag.set(handle.request, flags);
    return handle;
  }

  Handle write(BusFile file, MemorySegment from, long offset, WriteFlag... flags) {
    checks.memory(from, false);
    int length = checkLength(from.byteSize());
    checkFlags(file, length, offset, flags);
    Handle handle = transfer(Op.WRITE, file, from, length, offset);
    WriteFlag.set(handle.request, flags);
    return handle;
  }

  Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      long bufferOffset,
      int length,
      long offset,
      WriteFlag flag) {
    MemorySegment memory = memory(buffer, bufferOffset, length);
    checks.memory(memory, false);
    if (flag == WriteFlag.ATOMIC) {
      checkAtomic(file, length, offset);
    }
    Handle handle =
        useBuffer(transfer(Op.WRITE, file, memory, length, offset), buffer, bufferOffset);
    flag.set(handle.request);
    return handle;
  }

  Handle readFully(BusFile file, MemorySegment into, long offset) {
    checks.memory(into, true);
    return fullTransfer(Op.READ, file, into, offset);
  }

  Handle writeFully(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks.memory(from, false);
    if (flag == WriteFlag.ATOMIC) {
      throw new IllegalArgumentException("an atomic write is one request; use write");
    }
    Handle handle = fullTransfer(Op.WRITE, file, from, offset);
    flag.set(handle.request);
    return handle;
  }

  Handle sync(BusFile file) {
    return onFile(Op.FSYNC, file);
  }

  Handle dataSync(BusFile file) {
    return onFile(Op.FDATASYNC, file);
  }

  Handle truncate(BusFile file, long length) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length + " is negative");
    }
    Handle handle = onFile(Op.TRUNCATE, file);
    handle.request.offset = length;
    return handle;
  }

  Handle syncRange(BusFile file, long offset, long length) {
    return onRange(Op.SYNC_RANGE, file, offset, length);
  }

  Handle allocate(BusFile file, long offset, long length) {
    if (length == 0) {
      throw new IllegalArgumentException("the length is 0: there is nothing to allocate");
    }
    return onRange(Op.ALLOCATE, file, offset, length);
  }

  Handle advise(BusFile file, long offset, long length, Advice advice) {
    Objects.requireNonNull(advice, "advice");
    Handle handle = onRange(Op.ADVISE, file, offset, length);
    handle.request.advice = advice.number;
    return handle;
  }

  Handle rename(Path from, Path to) {
    Objects.requireNonNull(from, "from");
    Objects.requireNonNull(to, "to");
    Handle handle = onPath(Op.RENAME, from);
    handle.request.target = to;
    return handle;
  }

  Handle unlink(Path path) {
    Objects.requireNonNull(path, "path");
    return onPath(Op.UNLINK, path);
  }

  Handle link(Path existing, Path path) {
    Objects.requireNonNull(existing, "existing");
    Objects.requireNonNull(path, "path");
    Handle handle = onPath(Op.LINK, existing);
    handle.request.target = path;
    return handle;
  }

  Handle createDirectory(Path path) {
    Objects.requireNonNull(path, "path");
    return onPath(Op.CREATE_DIRECTORY, path);
  }

  /// By the descriptor where there is one: the kernel takes no slot.
  Handle stat(BusFile file) {
    if (file instanceof RegisteredFile registered && !registered.isSlotOnly()) {
      registered.slot(bus);
      return onFile(Op.STAT, registered.file());
    }
    return onFile(Op.STAT, file);
  }

  Handle close(OpenFile file) {
    checks.file(file);
    file.checkClosable();
    file.descriptor();
    Handle handle = bus.take(Op.CLOSE);
    handle.file = file;
    return handle;
  }

  private Handle onPath(Op op, Path path) {
    Handle handle = bus.take(op, path.toString());
    handle.request.path = path;
    return handle;
  }

  private Handle onFile(Op op, BusFile file) {
    checks.file(file);
    bus.fileNumber(file);
    Handle handle = bus.take(op);
    handle.file = file;
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

  private Handle transfer(Op op, BusFile file, MemorySegment memory, int length, long offset) {
    Checks.range(offset, length);
    Handle handle = onFile(op, file);
    handle.plain = true;
    handle.request.buffer = memory;
    handle.request.length = length;
    handle.request.offset = offset;
    return handle;
  }

  private Handle fullTransfer(Op op, BusFile file, MemorySegment memory, long offset) {
    Checks.range(offset, memory.byteSize());
    Handle handle = onFile(op, file);
    handle.full = true;
    handle.extras.transfer().begin(handle.request, memory, offset, op == Op.WRITE, file.isDirect());
    return handle;
  }

  private Handle transferParts(
      Op op, BusFile file, MemorySegment[] parts, int length, long offset) {
    Handle handle = transfer(op, file, MemorySegment.NULL, length, offset);
    handle.plain = false;
    handle.request.vectors.set(parts);
    return handle;
  }

  /// The bytes of all parts.
  private int checkParts(MemorySegment[] parts, boolean written) {
    if (parts.length < 1 || parts.length > Vectors.PARTS_MAX) {
      throw new IllegalArgumentException(
          parts.length + " parts are not in 1 to " + Vectors.PARTS_MAX);
    }
    long length = 0;
    for (MemorySegment part : parts) {
      checks.memory(part, written);
      length += part.byteSize();
    }
    return checkLength(length);
  }

  private void checkInside(RegisteredBuffer buffer, MemorySegment[] parts) {
    buffer.index(bus);
    MemorySegment memory = buffer.memory();
    for (int i = 0; i < parts.length; i++) {
      long start = parts[i].address() - memory.address();
      if (start < 0 || start > memory.byteSize() - parts[i].byteSize()) {
        throw new IllegalArgumentException("part " + i + " is not inside the registered buffer");
      }
    }
  }

  private static void checkFlags(BusFile file, int length, long offset, WriteFlag[] flags) {
    for (WriteFlag flag : flags) {
      if (flag == WriteFlag.ATOMIC) {
        checkAtomic(file, length, offset);
      }
    }
  }

  private static void checkAtomic(BusFile file, int length, long offset) {
    if (!file.isDirect()) {
      throw new IllegalArgumentException(
          "an atomic write needs a file that was opened with DIRECT, which " + file.path()
              + " was not");
    }
    if (Integer.bitCount(length) != 1 || offset % length != 0) {
      throw new IllegalArgumentException(
          "the length of an atomic write is a power of two and the offset a multiple of it;"
              + " offset " + offset + " with length " + length);
    }
  }

  private Handle useBuffer(Handle handle, RegisteredBuffer buffer, long bufferOffset) {
    handle.plain = false;
    handle.request.bufferOffset = bufferOffset;
    try {
      handle.request.bufferIndex = buffer.index(bus);
      buffer.retain();
    } catch (RuntimeException e) {
      bus.giveBack(handle);
      throw e;
    }
    handle.extras.buffer = buffer;
    return handle;
  }

  /// The whole memory of a buffer, after a check of the part: a slice would be garbage.
  private MemorySegment memory(RegisteredBuffer buffer, long bufferOffset, int length) {
    buffer.index(bus);
    MemorySegment memory = buffer.memory();
    Objects.checkFromIndexSize(bufferOffset, length, memory.byteSize());
    return memory;
  }

  private static int checkLength(long length) {
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          length + " bytes are more than one request transfers; use readFully or writeFully");
    }
    return (int) length;
  }
}
