package dev.iobus;

import static dev.iobus.uring.KernelFeature.*;

import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.util.Collections;
import java.util.List;

/// Kernels that a bus must work on: this one without one feature, and what is left of it in the
/// manner of older releases. Immutable.
@SuppressWarnings("ImmutableEnumChecker") // The list is.
enum OldKernel {
  WITHOUT_NO_SQARRAY(NO_SQARRAY),
  WITHOUT_DEFER_TASKRUN(DEFER_TASKRUN),
  WITHOUT_SINGLE_ISSUER(SINGLE_ISSUER, DEFER_TASKRUN),
  WITHOUT_SUBMIT_ALL(SUBMIT_ALL),
  WITHOUT_EXT_ARG(EXT_ARG, MIN_TIMEOUT, DEFER_TASKRUN),
  WITHOUT_MIN_TIMEOUT(MIN_TIMEOUT),
  WITHOUT_RSRC_TAGS(RSRC_TAGS),
  WITHOUT_SPARSE_TABLES(SPARSE_TABLES),
  WITHOUT_RING_FD(RING_FD),
  WITHOUT_MULTISHOT_POLL(MULTISHOT_POLL),
  WITHOUT_LINKED_FILE(LINKED_FILE),
  WITHOUT_FTRUNCATE(FTRUNCATE),
  WITHOUT_READV_FIXED(READV_FIXED),
  WITHOUT_NAME_ENTRIES(NAME_ENTRIES),
  WITHOUT_SOCKET_ENTRIES(SOCKET_ENTRIES),
  WITHOUT_BIND_ENTRIES(BIND_ENTRIES),
  WITHOUT_SEND_ZC(SEND_ZC),
  WITHOUT_BUFFER_RINGS(BUFFER_RINGS),
  WITHOUT_INCREMENTAL_BUFFERS(INCREMENTAL_BUFFERS),
  WITHOUT_CLONE_BUFFERS(CLONE_BUFFERS),
  WITHOUT_LOCKED_MEMORY(LOCKED_MEMORY),
  WITHOUT_ROOM_FOR_ALL_RESULTS(ROOM_FOR_ALL_RESULTS),
  LINUX_6_1(
      CLONE_BUFFERS,
      MIN_TIMEOUT,
      INCREMENTAL_BUFFERS,
      BIND_ENTRIES,
      READV_FIXED,
      NO_SQARRAY,
      FTRUNCATE),
  LINUX_5_15(
      CLONE_BUFFERS,
      MIN_TIMEOUT,
      INCREMENTAL_BUFFERS,
      BIND_ENTRIES,
      SEND_ZC,
      SOCKET_ENTRIES,
      READV_FIXED,
      NO_SQARRAY,
      FTRUNCATE,
      DEFER_TASKRUN,
      SINGLE_ISSUER,
      SPARSE_TABLES,
      BUFFER_RINGS,
      RING_FD,
      SUBMIT_ALL,
      LINKED_FILE),
  LINUX_5_11(
      CLONE_BUFFERS,
      MIN_TIMEOUT,
      INCREMENTAL_BUFFERS,
      BIND_ENTRIES,
      SEND_ZC,
      SOCKET_ENTRIES,
      READV_FIXED,
      NO_SQARRAY,
      FTRUNCATE,
      DEFER_TASKRUN,
      SINGLE_ISSUER,
      SPARSE_TABLES,
      BUFFER_RINGS,
      RING_FD,
      SUBMIT_ALL,
      NAME_ENTRIES,
      LINKED_FILE,
      RSRC_TAGS,
      MULTISHOT_POLL);

  /// What a ring is made with, and how it submits and waits. All else is for some operation.
  private static final List<KernelFeature> OF_THE_RING =
      List.of(
          NO_SQARRAY,
          DEFER_TASKRUN,
          SINGLE_ISSUER,
          SUBMIT_ALL,
          EXT_ARG,
          MIN_TIMEOUT,
          RING_FD,
          ROOM_FOR_ALL_RESULTS);

  final List<KernelFeature> missing;

  OldKernel(KernelFeature... missing) {
    this.missing = List.of(missing);
  }

  /// Whether every operation goes another way than on this kernel, and not some of them alone.
  boolean hasAnotherRing() {
    return !Collections.disjoint(missing, OF_THE_RING);
  }

  LimitedKernel open() {
    return new LimitedKernel(missing);
  }
}
