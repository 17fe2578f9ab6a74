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

/// `struct stat` of `sys/stat.h` on FreeBSD 12 and newer, for amd64 and arm64. Immutable.
final class FreeBsdStatAbi {

  static final StructLayout STAT =
      structLayout(
          JAVA_LONG.withName("st_dev"),
          JAVA_LONG.withName("st_ino"),
          JAVA_LONG.withName("st_nlink"),
          JAVA_SHORT.withName("st_mode"),
          paddingLayout(2).withName("st_padding0"),
          JAVA_INT.withName("st_uid"),
          JAVA_INT.withName("st_gid"),
          paddingLayout(4).withName("st_padding1"),
          JAVA_LONG.withName("st_rdev"),
          paddingLayout(16).withName("st_atimespec"),
          JAVA_LONG.withName("st_mtime_sec"),
          JAVA_LONG.withName("st_mtime_nsec"),
          paddingLayout(16).withName("st_ctimespec"),
          paddingLayout(16).withName("st_birthtimespec"),
          JAVA_LONG.withName("st_size"),
          JAVA_LONG.withName("st_blocks"),
          JAVA_INT.withName("st_blksize"),
          JAVA_INT.withName("st_flags"),
          JAVA_LONG.withName("st_gen"),
          paddingLayout(80).withName("st_spare"));

  private static final VarHandle DEV = field("st_dev");
  private static final VarHandle INO = field("st_ino");
  private static final VarHandle MODE = field("st_mode");
  private static final VarHandle SIZE = field("st_size");
  private static final VarHandle BLOCKS = field("st_blocks");
  private static final VarHandle MTIME_SEC = field("st_mtime_sec");
  private static final VarHandle MTIME_NSEC = field("st_mtime_nsec");
  private static final VarHandle BLKSIZE = field("st_blksize");

  static {
    assert STAT.byteSize() == 224;
  }

  private FreeBsdStatAbi() {}

  static FileFacts facts(MemorySegment stat) {
    return new FileFacts(
        (long) SIZE.get(stat, 0L),
        (long) BLOCKS.get(stat, 0L) * 512,
        (int) BLKSIZE.get(stat, 0L),
        (long) DEV.get(stat, 0L),
        (long) INO.get(stat, 0L),
        Short.toUnsignedInt((short) MODE.get(stat, 0L)),
        (long) MTIME_SEC.get(stat, 0L),
        (int) (long) MTIME_NSEC.get(stat, 0L));
  }

  private static VarHandle field(String name) {
    return STAT.varHandle(PathElement.groupElement(name));
  }
}
