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

/// `struct stat` of `sys/stat.h` on macOS, with inode numbers of 64 bits. On x86-64 the function
/// that fills it is `fstat$INODE64`, on arm64 `fstat`. Immutable.
final class MacStatAbi {

  static final StructLayout STAT =
      structLayout(
          JAVA_INT.withName("st_dev"),
          JAVA_SHORT.withName("st_mode"),
          JAVA_SHORT.withName("st_nlink"),
          JAVA_LONG.withName("st_ino"),
          JAVA_INT.withName("st_uid"),
          JAVA_INT.withName("st_gid"),
          JAVA_INT.withName("st_rdev"),
          paddingLayout(4),
          paddingLayout(16).withName("st_atimespec"),
          JAVA_LONG.withName("st_mtime_sec"),
          JAVA_LONG.withName("st_mtime_nsec"),
          paddingLayout(16).withName("st_ctimespec"),
          paddingLayout(16).withName("st_birthtimespec"),
          JAVA_LONG.withName("st_size"),
          JAVA_LONG.withName("st_blocks"),
          JAVA_INT.withName("st_blksize"),
          JAVA_INT.withName("st_flags"),
          JAVA_INT.withName("st_gen"),
          paddingLayout(4).withName("st_lspare"),
          paddingLayout(16).withName("st_qspare"));

  private static final VarHandle DEV = field("st_dev");
  private static final VarHandle MODE = field("st_mode");
  private static final VarHandle INO = field("st_ino");
  private static final VarHandle SIZE = field("st_size");
  private static final VarHandle BLOCKS = field("st_blocks");
  private static final VarHandle MTIME_SEC = field("st_mtime_sec");
  private static final VarHandle MTIME_NSEC = field("st_mtime_nsec");
  private static final VarHandle BLKSIZE = field("st_blksize");

  static {
    assert STAT.byteSize() == 144;
  }

  private MacStatAbi() {}

  static FileFacts facts(MemorySegment stat) {
    return new FileFacts(
        (long) SIZE.get(stat, 0L),
        (long) BLOCKS.get(stat, 0L) * 512,
        (int) BLKSIZE.get(stat, 0L),
        (int) DEV.get(stat, 0L),
        (long) INO.get(stat, 0L),
        Short.toUnsignedInt((short) MODE.get(stat, 0L)),
        (long) MTIME_SEC.get(stat, 0L),
        (int) (long) MTIME_NSEC.get(stat, 0L));
  }

  private static VarHandle field(String name) {
    return STAT.varHandle(PathElement.groupElement(name));
  }
}
