package dev.iobus.posix;

import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `struct statx` of `linux/stat.h` (Linux 6.13). Immutable.
public final class StatxAbi {

  public static final int STATX_BASIC_STATS = 0x7ff;
  public static final int STATX_DIOALIGN = 0x2000;
  public static final int STATX_WRITE_ATOMIC = 0x10000;

  public static final StructLayout STATX =
      structLayout(
          JAVA_INT.withName("stx_mask"),
          JAVA_INT.withName("stx_blksize"),
          JAVA_LONG.withName("stx_attributes"),
          JAVA_INT.withName("stx_nlink"),
          JAVA_INT.withName("stx_uid"),
          JAVA_INT.withName("stx_gid"),
          JAVA_SHORT.withName("stx_mode"),
          paddingLayout(2),
          JAVA_LONG.withName("stx_ino"),
          JAVA_LONG.withName("stx_size"),
          JAVA_LONG.withName("stx_blocks"),
          JAVA_LONG.withName("stx_attributes_mask"),
          timestamp("stx_atime"),
          timestamp("stx_btime"),
          timestamp("stx_ctime"),
          timestamp("stx_mtime"),
          JAVA_INT.withName("stx_rdev_major"),
          JAVA_INT.withName("stx_rdev_minor"),
          JAVA_INT.withName("stx_dev_major"),
          JAVA_INT.withName("stx_dev_minor"),
          JAVA_LONG.withName("stx_mnt_id"),
          JAVA_INT.withName("stx_dio_mem_align"),
          JAVA_INT.withName("stx_dio_offset_align"),
          JAVA_LONG.withName("stx_subvol"),
          JAVA_INT.withName("stx_atomic_write_unit_min"),
          JAVA_INT.withName("stx_atomic_write_unit_max"),
          JAVA_INT.withName("stx_atomic_write_segments_max"),
          paddingLayout(76));

  private static final VarHandle MASK = field("stx_mask");
  private static final VarHandle BLKSIZE = field("stx_blksize");
  private static final VarHandle MODE = field("stx_mode");
  private static final VarHandle INO = field("stx_ino");
  private static final VarHandle SIZE = field("stx_size");
  private static final VarHandle BLOCKS = field("stx_blocks");
  private static final VarHandle MTIME_SEC =
      STATX.varHandle(
          PathElement.groupElement("stx_mtime"), PathElement.groupElement("tv_sec"));
  private static final VarHandle MTIME_NSEC =
      STATX.varHandle(
          PathElement.groupElement("stx_mtime"), PathElement.groupElement("tv_nsec"));
  private static final VarHandle DEV_MAJOR = field("stx_dev_major");
  private static final VarHandle DEV_MINOR = field("stx_dev_minor");
  private static final VarHandle DIO_MEM_ALIGN = field("stx_dio_mem_align");
  private static final VarHandle DIO_OFFSET_ALIGN = field("stx_dio_offset_align");
  private static final VarHandle ATOMIC_MIN = field("stx_atomic_write_unit_min");
  private static final VarHandle ATOMIC_MAX = field("stx_atomic_write_unit_max");
  private static final VarHandle ATOMIC_SEGMENTS_MAX = field("stx_atomic_write_segments_max");

  private StatxAbi() {}

  public static long size(MemorySegment statx) {
    return (long) SIZE.get(statx, 0L);
  }

  public static long inode(MemorySegment statx) {
    return (long) INO.get(statx, 0L);
  }

  public static int blockSize(MemorySegment statx) {
    return (int) BLKSIZE.get(statx, 0L);
  }

  /// Kind and permissions of inode(7).
  public static int mode(MemorySegment statx) {
    return Short.toUnsignedInt((short) MODE.get(statx, 0L));
  }

  /// Bytes on the device: `stx_blocks` counts 512 each.
  public static long allocated(MemorySegment statx) {
    return (long) BLOCKS.get(statx, 0L) * 512;
  }

  /// Seconds since 1970 of the last change of bytes.
  public static long modifiedSeconds(MemorySegment statx) {
    return (long) MTIME_SEC.get(statx, 0L);
  }

  /// What to add to these, in nanoseconds, 0 to 999,999,999.
  public static int modifiedNanos(MemorySegment statx) {
    return (int) MTIME_NSEC.get(statx, 0L);
  }

  /// The device as `dev_t`, composed as makedev(3) does, so that it equals what stat(2) says.
  public static long device(MemorySegment statx) {
    long major = Integer.toUnsignedLong((int) DEV_MAJOR.get(statx, 0L));
    long minor = Integer.toUnsignedLong((int) DEV_MINOR.get(statx, 0L));
    return (major & 0xfff) << 8
        | (major & ~0xfffL) << 32
        | (minor & 0xff)
        | (minor & ~0xffL) << 12;
  }

  /// Alignment of memory for direct I/O; 0 when the file system has none or does not say.
  public static int directMemoryAlignment(MemorySegment statx) {
    return saysDirectAlignment(statx) ? (int) DIO_MEM_ALIGN.get(statx, 0L) : 0;
  }

  /// Alignment of offsets and lengths for direct I/O; 0 as above.
  public static int directOffsetAlignment(MemorySegment statx) {
    return saysDirectAlignment(statx) ? (int) DIO_OFFSET_ALIGN.get(statx, 0L) : 0;
  }

  /// The shortest atomic write in bytes; 0 when there is none.
  public static int atomicWriteMin(MemorySegment statx) {
    return saysAtomicWrites(statx) ? (int) ATOMIC_MIN.get(statx, 0L) : 0;
  }

  /// The longest atomic write in bytes; 0 when there is none.
  public static int atomicWriteMax(MemorySegment statx) {
    return saysAtomicWrites(statx) ? (int) ATOMIC_MAX.get(statx, 0L) : 0;
  }

  /// The most parts of an atomic write; 0 when there is none.
  public static int atomicWriteSegmentsMax(MemorySegment statx) {
    return saysAtomicWrites(statx) ? (int) ATOMIC_SEGMENTS_MAX.get(statx, 0L) : 0;
  }

  private static boolean saysAtomicWrites(MemorySegment statx) {
    return ((int) MASK.get(statx, 0L) & STATX_WRITE_ATOMIC) != 0;
  }

  private static boolean saysDirectAlignment(MemorySegment statx) {
    return ((int) MASK.get(statx, 0L) & STATX_DIOALIGN) != 0;
  }

  private static StructLayout timestamp(String name) {
    return structLayout(
            JAVA_LONG.withName("tv_sec"), JAVA_INT.withName("tv_nsec"), paddingLayout(4))
        .withName(name);
  }

  private static VarHandle field(String name) {
    return STATX.varHandle(PathElement.groupElement(name));
  }
}
