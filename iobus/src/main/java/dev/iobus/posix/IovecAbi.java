package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `struct iovec` of `sys/uio.h`, for hosts of 64 bits.
public final class IovecAbi {

  /// The whole structure.
  public static final StructLayout IOVEC =
      MemoryLayout.structLayout(ADDRESS.withName("iov_base"), JAVA_LONG.withName("iov_len"));

  private static final VarHandle IOV_BASE = IOVEC.varHandle(PathElement.groupElement("iov_base"));
  private static final VarHandle IOV_LEN = IOVEC.varHandle(PathElement.groupElement("iov_len"));

  static {
    assert IOVEC.byteSize() == 16;
  }

  private IovecAbi() {}

  /// Fills in a structure; the memory behind it stays the caller's.
  public static void set(MemorySegment vector, MemorySegment base, long length) {
    IOV_BASE.set(vector, 0L, base);
    IOV_LEN.set(vector, 0L, length);
  }

  /// Fills in one structure of an array.
  public static void set(MemorySegment vectors, int index, MemorySegment base, long length) {
    long place = index * IOVEC.byteSize();
    IOV_BASE.set(vectors, place, base);
    IOV_LEN.set(vectors, place, length);
  }
}
