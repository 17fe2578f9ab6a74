package dev.iobus.backend;

import dev.iobus.posix.IovecAbi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The parts of a transfer that has several, and the `struct iovec` array that tells the kernel of
/// them. Owned by a request and used again by it; it grows to the most parts that were ever set.
///
/// Confined as its request is.
public final class Vectors {

  /// `UIO_MAXIOV` of `linux/uio.h`: the most parts that the kernel takes.
  public static final int PARTS_MAX = 1024;

  private MemorySegment[] parts = new MemorySegment[0];
  private int count;

  /// Kept reachable with the request, so that the kernel can read it at any time.
  private MemorySegment iovecs = MemorySegment.NULL;

  Vectors() {}

  /// Takes the parts over; the array itself stays the caller's.
  public void set(MemorySegment[] segments) {
    if (segments.length > parts.length) {
      parts = Arrays.copyOf(segments, segments.length);
    } else {
      System.arraycopy(segments, 0, parts, 0, segments.length);
    }
    count = segments.length;
  }

  /// Whether the transfer has one part only, which stands in [Request#buffer].
  public boolean isEmpty() {
    return count == 0;
  }

  /// How many parts there are.
  public int count() {
    return count;
  }

  /// The part at `index`, from 0 on.
  public MemorySegment part(int index) {
    return parts[index];
  }

  /// Writes the array of `struct iovec`. Returns its address.
  long encode() {
    if (iovecs.byteSize() < count * IovecAbi.IOVEC.byteSize()) {
      iovecs = Arena.ofAuto().allocate(IovecAbi.IOVEC, count);
    }
    for (int i = 0; i < count; i++) {
      IovecAbi.set(iovecs, i, parts[i], parts[i].byteSize());
    }
    return iovecs.address();
  }

  /// As [#encode()], without `skipped` bytes at the beginning: parts that are left out whole have
  /// the length 0.
  long encode(int skipped) {
    long address = encode();
    long left = skipped;
    for (int i = 0; i < count && left > 0; i++) {
      long length = parts[i].byteSize();
      long cut = Math.min(left, length);
      IovecAbi.set(iovecs, i, parts[i].asSlice(cut), length - cut);
      left -= cut;
    }
    return address;
  }

  /// Lets go of the parts.
  void clear() {
    Arrays.fill(parts, 0, count, MemorySegment.NULL);
    count = 0;
  }
}
