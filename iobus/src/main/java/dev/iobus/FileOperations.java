package dev.iobus;

import dev.iobus.backend.Op;
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

  FileOperations(Bus bus, Checks checks) {
    this.bus = bus;
    this.checks = checks;
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

  Handle read(BusFile file, MemorySegment into, long offset) {
    checks.memory(into, true);
    return transfer(Op.READ, file, into, checkLength(into.byteSize()), offset);
  }

  Handle read(BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset) {
    MemorySegment part = part(buffer, bufferOffset, length);
    checks.memory(part, true);
    return useBuffer(transfer(Op.READ, file, part, length, offset), buffer);
  }

  Handle write(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks.memory(from, false);
    Handle handle = transfer(Op.WRITE, file, from, checkLength(from.byteSize()), offset);
    handle.request.dsync = flag == WriteFlag.DSYNC;
    return handle;
  }

  Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      long bufferOffset,
      int length,
      long offset,
      WriteFlag flag) {
    MemorySegment part = part(buffer, bufferOffset, length);
    checks.memory(part, false);
    Handle handle = useBuffer(transfer(Op.WRITE, file, part, length, offset), buffer);
    handle.request.dsync = flag == WriteFlag.DSYNC;
    return handle;
  }

  Handle readFully(BusFile file, MemorySegment into, long offset) {
    checks.memory(into, true);
    return fullTransfer(Op.READ, file, into, offset);
  }

  Handle writeFully(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks.memory(from, false);
    Handle handle = fullTransfer(Op.WRITE, file, from, offset);
    handle.request.dsync = flag == WriteFlag.DSYNC;
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

  Handle stat(BusFile file) {
    return onFile(Op.STAT, file);
  }

  Handle close(OpenFile file) {
    checks.file(file);
    file.descriptor();
    Handle handle = bus.take(Op.CLOSE, file.path());
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
    Handle handle = bus.take(op, file.path());
    handle.file = file;
    return handle;
  }

  private Handle transfer(Op op, BusFile file, MemorySegment memory, int length, long offset) {
    Checks.range(offset, length);
    Handle handle = onFile(op, file);
    handle.request.buffer = memory;
    handle.request.length = length;
    handle.request.offset = offset;
    return handle;
  }

  private Handle fullTransfer(Op op, BusFile file, MemorySegment memory, long offset) {
    Checks.range(offset, memory.byteSize());
    Handle handle = onFile(op, file);
    handle.extent = Handle.Extent.FULL;
    boolean direct =
        switch (file) {
          case OpenFile open -> open.isDirect();
          case RegisteredFile registered -> registered.file().isDirect();
        };
    handle.transfer().begin(handle.request, memory, offset, op == Op.WRITE, direct);
    return handle;
  }

  private Handle useBuffer(Handle handle, RegisteredBuffer buffer) {
    try {
      handle.request.bufferIndex = buffer.index(bus);
      buffer.retain();
    } catch (RuntimeException e) {
      bus.giveBack(handle);
      throw e;
    }
    handle.buffer = buffer;
    return handle;
  }

  private MemorySegment part(RegisteredBuffer buffer, long bufferOffset, int length) {
    buffer.index(bus);
    MemorySegment memory = buffer.memory();
    Objects.checkFromIndexSize(bufferOffset, length, memory.byteSize());
    return bufferOffset == 0 ? memory : memory.asSlice(bufferOffset, length);
  }

  private static int checkLength(long length) {
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          length + " bytes are more than one request transfers; use readFully or writeFully");
    }
    return (int) length;
  }
}
