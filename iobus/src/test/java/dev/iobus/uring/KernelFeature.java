package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import java.util.List;

/// What a [LimitedKernel] can be without. Immutable.
@SuppressWarnings("ImmutableEnumChecker") // The lists are.
public enum KernelFeature {
  NO_SQARRAY(IORING_SETUP_NO_SQARRAY, 0),
  DEFER_TASKRUN(IORING_SETUP_DEFER_TASKRUN, 0),
  SINGLE_ISSUER(IORING_SETUP_SINGLE_ISSUER, 0),
  SUBMIT_ALL(IORING_SETUP_SUBMIT_ALL, 0),
  EXT_ARG(0, IORING_FEAT_EXT_ARG),
  /// Waits for a batch and then for one, since 6.12.
  MIN_TIMEOUT(0, IORING_FEAT_MIN_TIMEOUT),
  RSRC_TAGS(
      0,
      IORING_FEAT_RSRC_TAGS,
      Errno.EINVAL,
      List.of(
          IORING_REGISTER_FILES2, IORING_REGISTER_BUFFERS2, IORING_REGISTER_BUFFERS_UPDATE)),
  /// Tables that are made empty by a flag.
  SPARSE_TABLES(0, 0),
  RING_FD(0, 0, Errno.EINVAL, List.of(IORING_REGISTER_RING_FDS)),
  MULTISHOT_POLL(0, 0),
  /// Slots of a run that are looked at when each request begins.
  LINKED_FILE(0, IORING_FEAT_LINKED_FILE),
  FTRUNCATE(0, 0, 0, List.of(), IORING_OP_FTRUNCATE),
  READV_FIXED(0, 0, 0, List.of(), IORING_OP_READV_FIXED, IORING_OP_WRITEV_FIXED),
  /// Directories and second names, since 5.15.
  NAME_ENTRIES(0, 0, 0, List.of(), IORING_OP_MKDIRAT, IORING_OP_LINKAT),
  /// Sockets that the ring makes itself, since 5.19.
  SOCKET_ENTRIES(0, 0, 0, List.of(), IORING_OP_SOCKET),
  /// Since 6.11.
  BIND_ENTRIES(0, 0, 0, List.of(), IORING_OP_BIND, IORING_OP_LISTEN),
  /// Since 6.0, as is a receive again and again.
  SEND_ZC(0, 0, 0, List.of(), IORING_OP_SEND_ZC, IORING_OP_SENDMSG_ZC),
  /// Rings of buffers for receives, since 5.19.
  BUFFER_RINGS(0, 0, Errno.EINVAL, List.of(IORING_REGISTER_PBUF_RING)),
  /// Buffers that are filled piece by piece, since 6.12.
  INCREMENTAL_BUFFERS(0, 0),
  /// Buffers of another ring's, since 6.13.
  CLONE_BUFFERS(0, 0, Errno.EINVAL, List.of(IORING_REGISTER_CLONE_BUFFERS)),
  /// A memlock limit that holds registered buffers.
  LOCKED_MEMORY(
      0,
      0,
      Errno.ENOMEM,
      List.of(
          IORING_REGISTER_BUFFERS, IORING_REGISTER_BUFFERS2, IORING_REGISTER_BUFFERS_UPDATE)),
  /// Queues of the size that was asked for: without, they have 8 entries, and results overflow.
  ROOM_FOR_ALL_RESULTS(0, 0),
  /// Without it no ring is accepted.
  NODROP(0, IORING_FEAT_NODROP),
  SUBMIT_STABLE(0, IORING_FEAT_SUBMIT_STABLE),
  SINGLE_MMAP(0, IORING_FEAT_SINGLE_MMAP),
  OPENAT(0, 0, 0, List.of(), IORING_OP_OPENAT),
  UNLINKAT(0, 0, 0, List.of(), IORING_OP_UNLINKAT);

  final int setupFlag;
  final int featureBit;
  final int errno;
  final List<Integer> registrations;
  final List<Integer> opcodes;

  KernelFeature(int setupFlag, int featureBit) {
    this(setupFlag, featureBit, 0, List.of());
  }

  KernelFeature(
      int setupFlag,
      int featureBit,
      int errno,
      List<Integer> registrations,
      Integer... opcodes) {
    this.setupFlag = setupFlag;
    this.featureBit = featureBit;
    this.errno = errno;
    this.registrations = registrations;
    this.opcodes = List.of(opcodes);
  }
}
