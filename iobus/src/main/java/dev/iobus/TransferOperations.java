package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Vectors;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The reads and writes of a [Bus] on files. Each method prepares a handle: it checks the arguments,
/// then takes one and fills its request, so that a refused call changes nothing.
///
/// Confined to the bus thread.
abstract sealed class TransferOperations permits FileOperations {

  /// Takes a handle for an operation.
  abstract Handle take(Op op);

  /// Gives back a handle whose preparation failed.
  abstract void giveBack(Handle handle);

  abstract Checks checks();

  /// @throws IllegalStateException on another thread than the owner's, or after a close
  abstract void checkOpen();

  /// Prepares a read of up to `into.byteSize()` bytes at `offset`.
  ///
  /// @param into native memory; confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle read(BusFile file, MemorySegment into, long offset) {
    checks().memory(into, true);
    return transfer(Op.READ, file, into, checkLength(into.byteSize()), offset);
  }

  /// Prepares a read into `length` bytes of a registered buffer from `bufferOffset` on.
  public Handle read(
      BusFile file, RegisteredBuffer buffer, long bufferOffset, int length, long offset) {
    MemorySegment memory = memory(buffer, bufferOffset, length);
    checks().memory(memory, true);
    return useBuffer(transfer(Op.READ, file, memory, length, offset), buffer, bufferOffset);
  }

  /// Prepares a read into several parts of memory, one after the other (preadv(2)). It ends with
  /// [Result#endRead()]. The array may be used again at once; the parts may not.
  ///
  /// It is one read of the file, but on NIO a read for each part up to the first that is short, so
  /// that what others write meanwhile may show in some parts and not in others.
  ///
  /// @param into 1 to 1,024 parts of native memory, 2,147,483,647 bytes in all at most;
  ///     confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle read(BusFile file, MemorySegment[] into, long offset) {
    int length = checkParts(into, true);
    return transferParts(Op.READ, file, into, length, offset);
  }

  /// Prepares a read into several parts of a registered buffer. Linux before 6.15 has no such read,
  /// and reads into the parts as if they were plain memory.
  ///
  /// @param into 1 to 1,024 parts, each inside the memory of `buffer`
  public Handle read(BusFile file, RegisteredBuffer buffer, MemorySegment[] into, long offset) {
    checkInside(buffer, into);
    int length = checkParts(into, true);
    return useBuffer(transferParts(Op.READ, file, into, length, offset), buffer, 0);
  }

  /// Prepares a write of up to `from.byteSize()` bytes at `offset`.
  ///
  /// @param from native memory; confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle write(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks().memory(from, false);
    int length = checkLength(from.byteSize());
    if (flag == WriteFlag.ATOMIC) {
      Checks.atomic(file, length, offset);
    }
    Handle handle = transfer(Op.WRITE, file, from, length, offset);
    flag.set(handle.request);
    return handle;
  }

  /// As above, with any number of flags, such as [WriteFlag#ATOMIC] and [WriteFlag#DSYNC].
  ///
  /// @throws IllegalArgumentException for an atomic write of a length that is no power of two, of
  ///     an offset that is no multiple of it, or to a file that is not direct
  public Handle write(BusFile file, MemorySegment from, long offset, WriteFlag... flags) {
    checks().memory(from, false);
    int length = checkLength(from.byteSize());
    checkFlags(file, length, offset, flags);
    Handle handle = transfer(Op.WRITE, file, from, length, offset);
    WriteFlag.set(handle.request, flags);
    return handle;
  }

  /// Prepares a write from several parts of memory, one after the other (pwritev(2)). It ends with
  /// [Result#endWrite()]. The array may be used again at once; the parts may not.
  ///
  /// It is one write to the file, but on NIO a write for each part up to the first that is short:
  /// others may read some parts before the rest is written, and after a failure any number of them
  /// may have been written.
  ///
  /// @param from 1 to 1,024 parts of native memory, 2,147,483,647 bytes in all at most;
  ///     confined to one thread on io_uring alone
  /// @param offset position in the file in bytes, at least 0
  public Handle write(BusFile file, MemorySegment[] from, long offset, WriteFlag... flags) {
    int length = checkParts(from, false);
    checkFlags(file, length, offset, flags);
    Handle handle = transferParts(Op.WRITE, file, from, length, offset);
    WriteFlag.set(handle.request, flags);
    return handle;
  }

  /// Prepares a write from several parts of a registered buffer. Linux before 6.15 has no such
  /// write, and writes the parts as if they were plain memory.
  ///
  /// @param from 1 to 1,024 parts, each inside the memory of `buffer`
  public Handle write(
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

  /// Prepares a write of `length` bytes of a registered buffer from `bufferOffset` on.
  public Handle write(
      BusFile file,
      RegisteredBuffer buffer,
      long bufferOffset,
      int length,
      long offset,
      WriteFlag flag) {
    MemorySegment memory = memory(buffer, bufferOffset, length);
    checks().memory(memory, false);
    if (flag == WriteFlag.ATOMIC) {
      Checks.atomic(file, length, offset);
    }
    Handle handle =
        useBuffer(transfer(Op.WRITE, file, memory, length, offset), buffer, bufferOffset);
    flag.set(handle.request);
    return handle;
  }

  /// Prepares a read of all of `into`, in as many requests as it takes: at most 512 KiB each,
  /// short ones resumed. It cannot be part of a chain.
  public Handle readFully(BusFile file, MemorySegment into, long offset) {
    checks().memory(into, true);
    return fullTransfer(Op.READ, file, into, offset);
  }

  /// Prepares a write of all of `from`, in as many requests as it takes: at most 512 KiB each,
  /// short ones resumed. It cannot be part of a chain. After a failure any part of the range may
  /// have been written.
  public Handle writeFully(BusFile file, MemorySegment from, long offset, WriteFlag flag) {
    checks().memory(from, false);
    if (flag == WriteFlag.ATOMIC) {
      throw Checks.atomicInParts();
    }
    Handle handle = fullTransfer(Op.WRITE, file, from, offset);
    flag.set(handle.request);
    return handle;
  }

  /// A handle for an operation on a file that is open and of this backend.
  final Handle onFile(Op op, BusFile file) {
    checks().file(file);
    fileNumber(file);
    Handle handle = take(op);
    handle.file = file;
    return handle;
  }

  /// Takes a handle for an operation that is on no open file, but on what `target` names.
  final Handle take(Op op, String target) {
    Handle handle = take(op);
    handle.extras.target = target;
    return handle;
  }

  /// The number that the backend knows an open file by.
  final int fileNumber(BusFile file) {
    return switch (file) {
      case OpenFile open -> open.descriptor();
      case OpenSocket socket -> socket.descriptor();
      case RegisteredFile registered -> registered.slot(this);
    };
  }

  private Handle transfer(Op op, BusFile file, MemorySegment memory, int length, long offset) {
    Checks.range(offset, length);
    Handle handle = onFile(op, file);
    handle.bits |= file instanceof RegisteredFile ? Handle.PLAIN | Handle.HOLDS : Handle.PLAIN;
    handle.request.buffer = memory;
    handle.request.length = length;
    handle.request.offset = offset;
    return handle;
  }

  private Handle fullTransfer(Op op, BusFile file, MemorySegment memory, long offset) {
    Checks.range(offset, memory.byteSize());
    Handle handle = onFile(op, file);
    handle.bits |= Handle.FULL;
    boolean writes = op == Op.WRITE;
    int grid = Progress.gridOf(file);
    handle.extras.transfer().begin(handle.request, memory, offset, writes, grid);
    return handle;
  }

  private Handle transferParts(
      Op op, BusFile file, MemorySegment[] parts, int length, long offset) {
    Handle handle = transfer(op, file, MemorySegment.NULL, length, offset);
    handle.stopBeingPlain();
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
      checks().memory(part, written);
      length += part.byteSize();
    }
    return checkLength(length);
  }

  private void checkInside(RegisteredBuffer buffer, MemorySegment[] parts) {
    buffer.index(this);
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
        Checks.atomic(file, length, offset);
      }
    }
  }

  private Handle useBuffer(Handle handle, RegisteredBuffer buffer, long bufferOffset) {
    handle.bits |= Handle.HOLDS;
    handle.request.bufferOffset = bufferOffset;
    try {
      handle.request.bufferIndex = buffer.index(this);
      buffer.retain();
    } catch (RuntimeException e) {
      giveBack(handle);
      throw e;
    }
    handle.extras.buffer = buffer;
    handle.extras.holdsBuffer = true;
    return handle;
  }

  /// The whole memory of a buffer, after a check of the part: a slice would be garbage.
  private MemorySegment memory(RegisteredBuffer buffer, long bufferOffset, int length) {
    buffer.index(this);
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
