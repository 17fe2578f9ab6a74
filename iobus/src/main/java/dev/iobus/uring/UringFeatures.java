package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.BitSet;

/// What this kernel granted to one ring. Found by trying: distribution kernels carry features
/// that their version does not tell. Immutable.
///
/// @param setupFlags the `IORING_SETUP_` flags in force
/// @param featureBits the `IORING_FEAT_` bits of the kernel
/// @param operations the opcodes that the kernel knows
/// @param registeredRing whether the ring's descriptor is registered with its owner thread
/// @param clonesBuffers whether a shared ring can know a buffer as another one does, since 6.13
public record UringFeatures(
    int setupFlags,
    int featureBits,
    BitSet operations,
    boolean registeredRing,
    boolean clonesBuffers) {

  /// Flags to give up one group after another when the kernel answers EINVAL, newest first:
  /// 6.6, 6.1, 6.0, 5.18.
  private static final int[] OPTIONAL = {
    IORING_SETUP_NO_SQARRAY,
    IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_SINGLE_ISSUER,
    IORING_SETUP_SUBMIT_ALL,
  };

  /// Without these there is no ring for us: all are there since Linux 5.5.
  private static final int REQUIRED =
      IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE;

  /// The newest of these, RENAMEAT and UNLINKAT, are there since Linux 5.11.
  private static final int[] REQUIRED_OPERATIONS = {
    IORING_OP_NOP,
    IORING_OP_READV,
    IORING_OP_WRITEV,
    IORING_OP_FSYNC,
    IORING_OP_READ_FIXED,
    IORING_OP_WRITE_FIXED,
    IORING_OP_POLL_ADD,
    IORING_OP_SYNC_FILE_RANGE,
    IORING_OP_ASYNC_CANCEL,
    IORING_OP_FALLOCATE,
    IORING_OP_OPENAT,
    IORING_OP_CLOSE,
    IORING_OP_STATX,
    IORING_OP_READ,
    IORING_OP_WRITE,
    IORING_OP_FADVISE,
    IORING_OP_RENAMEAT,
    IORING_OP_UNLINKAT,
  };

  private static final VarHandle SQ_ENTRIES = field(PARAMS, "sq_entries");
  private static final VarHandle CQ_ENTRIES = field(PARAMS, "cq_entries");
  private static final VarHandle FLAGS = field(PARAMS, "flags");
  private static final VarHandle FEATURES = field(PARAMS, "features");
  private static final VarHandle LAST_OP = field(PROBE, "last_op");
  private static final VarHandle OP_FLAGS = field(PROBE_OP, "flags");
  private static final long OPS =
      PROBE.byteOffset(java.lang.foreign.MemoryLayout.PathElement.groupElement("ops"));

  /// Whether a set-up flag that was asked for is in force.
  public boolean granted(int setupFlag) {
    return (setupFlags & setupFlag) != 0;
  }

  /// Whether the kernel runs deferred completion work only inside a wait of the owner.
  boolean defersTaskWork() {
    return (setupFlags & IORING_SETUP_DEFER_TASKRUN) != 0;
  }

  /// Whether one call can wait with a time-out, since 5.11.
  public boolean waitsWithTimeout() {
    return (featureBits & IORING_FEAT_EXT_ARG) != 0;
  }

  /// Whether one call can wait for many results for a while and then for one, since 6.12.
  public boolean waitsForBatches() {
    return (featureBits & IORING_FEAT_MIN_TIMEOUT) != 0;
  }

  /// Whether single entries of the buffer table can be changed, since 5.13.
  public boolean updatesBuffers() {
    return (featureBits & IORING_FEAT_RSRC_TAGS) != 0;
  }

  /// Whether a request that is linked finds its slot filled by one before it, since 5.17.
  public boolean resolvesSlotsLate() {
    return (featureBits & IORING_FEAT_LINKED_FILE) != 0;
  }

  /// Whether the kernel knows an opcode.
  public boolean has(int opcode) {
    return operations.get(opcode);
  }

  /// The features in force that matter to a reader of logs, such as
  /// `SINGLE_ISSUER DEFER_TASKRUN SUBMIT_ALL NO_SQARRAY EXT_ARG MIN_TIMEOUT RSRC_TAGS RING_FD`.
  public String describe() {
    StringBuilder words = new StringBuilder();
    word(words, (setupFlags & IORING_SETUP_SINGLE_ISSUER) != 0, "SINGLE_ISSUER");
    word(words, (setupFlags & IORING_SETUP_DEFER_TASKRUN) != 0, "DEFER_TASKRUN");
    word(words, (setupFlags & IORING_SETUP_SUBMIT_ALL) != 0, "SUBMIT_ALL");
    word(words, (setupFlags & IORING_SETUP_NO_SQARRAY) != 0, "NO_SQARRAY");
    word(words, waitsWithTimeout(), "EXT_ARG");
    word(words, waitsForBatches(), "MIN_TIMEOUT");
    word(words, updatesBuffers(), "RSRC_TAGS");
    word(words, registeredRing, "RING_FD");
    word(words, clonesBuffers, "CLONE_BUFFERS");
    word(words, resolvesSlotsLate(), "LINKED_FILE");
    word(words, has(IORING_OP_LINKAT), "LINKAT");
    word(words, has(IORING_OP_FTRUNCATE), "FTRUNCATE");
    word(words, has(IORING_OP_READV_FIXED), "READV_FIXED");
    return words.isEmpty() ? "no optional features" : words.toString();
  }

  /// Sets up a ring with all the optional flags that the kernel takes. Returns its descriptor;
  /// `params` is then the kernel's answer.
  ///
  /// A ring for one owner asks for SINGLE_ISSUER and DEFER_TASKRUN. A shared ring has neither, as
  /// both bind it to one thread; nor has it COOP_TASKRUN, which would hold back completions while
  /// the submitting thread stays out of the kernel (`io_uring_setup_flags.7`).
  static int setup(
      UringSyscalls syscalls,
      MemorySegment errno,
      boolean singleOwner,
      int sqEntries,
      int cqEntries,
      MemorySegment params)
      throws UringSetupException {
    int flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    for (int group : OPTIONAL) {
      boolean needsOwner =
          (group & (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER)) != 0;
      flags |= needsOwner && !singleOwner ? 0 : group;
    }
    int next = 0;
    while (true) {
      params.fill((byte) 0);
      FLAGS.set(params, 0L, flags);
      CQ_ENTRIES.set(params, 0L, cqEntries);
      int fd = syscalls.io_uring_setup(errno, sqEntries, params);
      if (fd >= 0) {
        return fd;
      }
      if (fd != -Errno.EINVAL || next == OPTIONAL.length) {
        throw new UringSetupException(-fd, "io_uring_setup");
      }
      flags &= ~OPTIONAL[next++];
    }
  }

  static int sqEntries(MemorySegment params) {
    return (int) SQ_ENTRIES.get(params, 0L);
  }

  static int cqEntries(MemorySegment params) {
    return (int) CQ_ENTRIES.get(params, 0L);
  }

  static int flags(MemorySegment params) {
    return (int) FLAGS.get(params, 0L);
  }

  static int featureBits(MemorySegment params) {
    return (int) FEATURES.get(params, 0L);
  }

  /// Refuses a kernel without what every ring here needs.
  static void requireFeatures(MemorySegment params) throws UringSetupException {
    int missing = REQUIRED & ~featureBits(params);
    if (missing != 0) {
      throw new UringSetupException(
          0, "io_uring lacks the features 0x" + Integer.toHexString(missing));
    }
  }

  /// Asks the kernel for its opcodes; refuses one without those that every ring here needs.
  static BitSet operations(UringSyscalls syscalls, MemorySegment errno, int fd)
      throws UringSetupException {
    BitSet operations = new BitSet();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment probe = arena.allocate(PROBE);
      int answer =
          syscalls.io_uring_register(errno, fd, IORING_REGISTER_PROBE, probe, PROBE_OPS_MAX);
      if (answer < 0) {
        throw new UringSetupException(-answer, "io_uring_register(IORING_REGISTER_PROBE)");
      }
      int last = Byte.toUnsignedInt((byte) LAST_OP.get(probe, 0L));
      for (int op = 0; op <= last; op++) {
        short flags = (short) OP_FLAGS.get(probe, OPS + op * PROBE_OP.byteSize());
        operations.set(op, (flags & IO_URING_OP_SUPPORTED) != 0);
      }
    }
    for (int op : REQUIRED_OPERATIONS) {
      if (!operations.get(op)) {
        throw new UringSetupException(0, "io_uring lacks operation " + op);
      }
    }
    return operations;
  }

  private static void word(StringBuilder words, boolean present, String word) {
    if (present) {
      words.append(words.isEmpty() ? "" : " ").append(word);
    }
  }
}
