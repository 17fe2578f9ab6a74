package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Entries of one ring's table of buffers that another ring takes over, since 6.13: both then know the
/// same pages, which are locked and counted once, until the last ring lets go of them. 6.12 copies whole
/// tables, into rings that have none, which is of no use here.
final class BufferClones {

  private static final VarHandle SOURCE = field(CLONE_BUFFERS, "src_fd");
  private static final VarHandle FLAGS = field(CLONE_BUFFERS, "flags");
  private static final VarHandle SOURCE_OFFSET = field(CLONE_BUFFERS, "src_off");
  private static final VarHandle TARGET_OFFSET = field(CLONE_BUFFERS, "dst_off");
  private static final VarHandle COUNT = field(CLONE_BUFFERS, "nr");

  private BufferClones() {}

  /// Whether the kernel clones into a table that is there: a ring without one is asked to clone from
  /// itself. A kernel that can finds nothing to clone, another one knows no such call or flag.
  static boolean areKnown(UringSyscalls syscalls, MemorySegment errno, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clone = ofTable(arena, fd);
      return syscalls.io_uring_register(errno, fd, IORING_REGISTER_CLONE_BUFFERS, clone, 1)
          == -Errno.ENXIO;
    }
  }

  /// Clones one entry. Returns 0 or a negated error number.
  ///
  /// @param targetIndex behind all entries in use: the kernel makes the table anew, and from 6.13 to
  ///     6.18 it may forget what stands behind the clone
  static int add(Ring target, int targetIndex, Ring source, int sourceIndex) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clone = ofTable(arena, source.descriptor());
      SOURCE_OFFSET.set(clone, 0L, sourceIndex);
      TARGET_OFFSET.set(clone, 0L, targetIndex);
      COUNT.set(clone, 0L, 1);
      return target.register(
          Libc.newErrnoCapture(arena), IORING_REGISTER_CLONE_BUFFERS, clone, 1);
    }
  }

  /// Without the flag a ring that has a table answers EBUSY.
  private static MemorySegment ofTable(Arena arena, int sourceDescriptor) {
    MemorySegment clone = arena.allocate(CLONE_BUFFERS);
    SOURCE.set(clone, 0L, sourceDescriptor);
    FLAGS.set(clone, 0L, IORING_REGISTER_DST_REPLACE);
    return clone;
  }
}
