package dev.iobus.uring;

import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.MemoryLayout.unionLayout;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// `linux/io_uring.h` (as of Linux 6.18), as far as it is used here: in header order, under the C
/// names. Immutable.
public final class UringAbi {

  /// `struct io_uring_sqe`: what to do.
  public static final StructLayout SQE =
      structLayout(
              JAVA_BYTE.withName("opcode"),
              JAVA_BYTE.withName("flags"),
              JAVA_SHORT.withName("ioprio"),
              JAVA_INT.withName("fd"),
              unionLayout(JAVA_LONG.withName("off"), JAVA_LONG.withName("addr2")).withName("u1"),
              JAVA_LONG.withName("addr"),
              JAVA_INT.withName("len"),
              JAVA_INT.withName("rw_flags"),
              JAVA_LONG.withName("user_data"),
              JAVA_SHORT.withName("buf_index"),
              JAVA_SHORT.withName("personality"),
              JAVA_INT.withName("file_index"),
              JAVA_LONG.withName("addr3"),
              JAVA_LONG.withName("__pad2"))
          .withName("io_uring_sqe");

  // sqe->flags
  public static final int IOSQE_FIXED_FILE = 1;
  public static final int IOSQE_IO_LINK = 1 << 2;
  public static final int IOSQE_IO_HARDLINK = 1 << 3;
  public static final int IOSQE_BUFFER_SELECT = 1 << 5;

  // io_uring_setup() flags
  public static final int IORING_SETUP_CQSIZE = 1 << 3;
  public static final int IORING_SETUP_CLAMP = 1 << 4;
  public static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
  public static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;
  public static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
  public static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
  public static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;
  public static final int IORING_SETUP_NO_SQARRAY = 1 << 16;

  // enum io_uring_op
  public static final int IORING_OP_NOP = 0;
  public static final int IORING_OP_READV = 1;
  public static final int IORING_OP_WRITEV = 2;
  public static final int IORING_OP_FSYNC = 3;
  public static final int IORING_OP_READ_FIXED = 4;
  public static final int IORING_OP_WRITE_FIXED = 5;
  public static final int IORING_OP_POLL_ADD = 6;
  public static final int IORING_OP_SYNC_FILE_RANGE = 8;
  public static final int IORING_OP_SENDMSG = 9;
  public static final int IORING_OP_RECVMSG = 10;
  public static final int IORING_OP_TIMEOUT = 11;
  public static final int IORING_OP_ACCEPT = 13;
  public static final int IORING_OP_ASYNC_CANCEL = 14;
  public static final int IORING_OP_LINK_TIMEOUT = 15;
  public static final int IORING_OP_CONNECT = 16;
  public static final int IORING_OP_FALLOCATE = 17;
  public static final int IORING_OP_OPENAT = 18;
  public static final int IORING_OP_CLOSE = 19;
  public static final int IORING_OP_STATX = 21;
  public static final int IORING_OP_READ = 22;
  public static final int IORING_OP_WRITE = 23;
  public static final int IORING_OP_FADVISE = 24;
  public static final int IORING_OP_SEND = 26;
  public static final int IORING_OP_RECV = 27;
  public static final int IORING_OP_SHUTDOWN = 34;
  public static final int IORING_OP_RENAMEAT = 35;
  public static final int IORING_OP_UNLINKAT = 36;
  public static final int IORING_OP_MKDIRAT = 37;
  public static final int IORING_OP_LINKAT = 39;
  public static final int IORING_OP_SOCKET = 45;
  public static final int IORING_OP_SEND_ZC = 47;
  public static final int IORING_OP_SENDMSG_ZC = 48;
  public static final int IORING_OP_FTRUNCATE = 55;
  public static final int IORING_OP_BIND = 56;
  public static final int IORING_OP_LISTEN = 57;
  public static final int IORING_OP_READV_FIXED = 60;
  public static final int IORING_OP_WRITEV_FIXED = 61;

  // sqe->fsync_flags
  public static final int IORING_FSYNC_DATASYNC = 1;

  // sqe->timeout_flags
  public static final int IORING_TIMEOUT_ABS = 1;

  // POLL_ADD flags, in sqe->len
  public static final int IORING_POLL_ADD_MULTI = 1;

  // send/recv flags and accept flags, in sqe->ioprio
  public static final int IORING_RECV_MULTISHOT = 1 << 1;
  public static final int IORING_ACCEPT_MULTISHOT = 1;

  /// `struct io_uring_cqe`: how it ended.
  public static final StructLayout CQE =
      structLayout(
              JAVA_LONG.withName("user_data"), JAVA_INT.withName("res"), JAVA_INT.withName("flags"))
          .withName("io_uring_cqe");

  // cqe->flags
  public static final int IORING_CQE_F_MORE = 1 << 1;

  // Offsets for mmap(2)
  public static final long IORING_OFF_SQ_RING = 0;
  public static final long IORING_OFF_SQES = 0x10000000L;

  /// `struct io_sqring_offsets`.
  public static final StructLayout SQ_OFFSETS =
      structLayout(
              JAVA_INT.withName("head"),
              JAVA_INT.withName("tail"),
              JAVA_INT.withName("ring_mask"),
              JAVA_INT.withName("ring_entries"),
              JAVA_INT.withName("flags"),
              JAVA_INT.withName("dropped"),
              JAVA_INT.withName("array"),
              JAVA_INT.withName("resv1"),
              JAVA_LONG.withName("user_addr"))
          .withName("sq_off");

  // sq_ring->flags
  public static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;
  public static final int IORING_SQ_TASKRUN = 1 << 2;

  /// `struct io_cqring_offsets`.
  public static final StructLayout CQ_OFFSETS =
      structLayout(
              JAVA_INT.withName("head"),
              JAVA_INT.withName("tail"),
              JAVA_INT.withName("ring_mask"),
              JAVA_INT.withName("ring_entries"),
              JAVA_INT.withName("overflow"),
              JAVA_INT.withName("cqes"),
              JAVA_INT.withName("flags"),
              JAVA_INT.withName("resv1"),
              JAVA_LONG.withName("user_addr"))
          .withName("cq_off");

  // io_uring_enter() flags
  public static final int IORING_ENTER_GETEVENTS = 1;
  public static final int IORING_ENTER_EXT_ARG = 1 << 3;
  public static final int IORING_ENTER_REGISTERED_RING = 1 << 4;

  /// `struct io_uring_params`.
  public static final StructLayout PARAMS =
      structLayout(
              JAVA_INT.withName("sq_entries"),
              JAVA_INT.withName("cq_entries"),
              JAVA_INT.withName("flags"),
              JAVA_INT.withName("sq_thread_cpu"),
              JAVA_INT.withName("sq_thread_idle"),
              JAVA_INT.withName("features"),
              JAVA_INT.withName("wq_fd"),
              sequenceLayout(3, JAVA_INT).withName("resv"),
              SQ_OFFSETS,
              CQ_OFFSETS)
          .withName("io_uring_params");

  // io_uring_params->features
  public static final int IORING_FEAT_SINGLE_MMAP = 1;
  public static final int IORING_FEAT_NODROP = 1 << 1;
  public static final int IORING_FEAT_SUBMIT_STABLE = 1 << 2;
  public static final int IORING_FEAT_EXT_ARG = 1 << 8;
  public static final int IORING_FEAT_RSRC_TAGS = 1 << 10;
  public static final int IORING_FEAT_LINKED_FILE = 1 << 12;
  public static final int IORING_FEAT_MIN_TIMEOUT = 1 << 15;

  // io_uring_register() opcodes
  public static final int IORING_REGISTER_BUFFERS = 0;
  public static final int IORING_UNREGISTER_BUFFERS = 1;
  public static final int IORING_REGISTER_FILES = 2;
  public static final int IORING_UNREGISTER_FILES = 3;
  public static final int IORING_REGISTER_EVENTFD = 4;
  public static final int IORING_REGISTER_FILES_UPDATE = 6;
  public static final int IORING_REGISTER_PROBE = 8;
  public static final int IORING_REGISTER_FILES2 = 13;
  public static final int IORING_REGISTER_BUFFERS2 = 15;
  public static final int IORING_REGISTER_BUFFERS_UPDATE = 16;
  public static final int IORING_REGISTER_RING_FDS = 20;
  public static final int IORING_UNREGISTER_RING_FDS = 21;
  public static final int IORING_REGISTER_PBUF_RING = 22;
  public static final int IORING_UNREGISTER_PBUF_RING = 23;
  public static final int IORING_REGISTER_CLONE_BUFFERS = 30;

  public static final int IORING_RSRC_REGISTER_SPARSE = 1;

  /// `struct io_uring_rsrc_register`.
  public static final StructLayout RSRC_REGISTER =
      structLayout(
              JAVA_INT.withName("nr"),
              JAVA_INT.withName("flags"),
              JAVA_LONG.withName("resv2"),
              JAVA_LONG.withName("data"),
              JAVA_LONG.withName("tags"))
          .withName("io_uring_rsrc_register");

  /// `struct io_uring_rsrc_update`; the same bytes as `struct io_uring_files_update`.
  public static final StructLayout RSRC_UPDATE =
      structLayout(
              JAVA_INT.withName("offset"), JAVA_INT.withName("resv"), JAVA_LONG.withName("data"))
          .withName("io_uring_rsrc_update");

  /// `struct io_uring_rsrc_update2`.
  public static final StructLayout RSRC_UPDATE2 =
      structLayout(
              JAVA_INT.withName("offset"),
              JAVA_INT.withName("resv"),
              JAVA_LONG.withName("data"),
              JAVA_LONG.withName("tags"),
              JAVA_INT.withName("nr"),
              JAVA_INT.withName("resv2"))
          .withName("io_uring_rsrc_update2");

  // io_uring_clone_buffers->flags
  public static final int IORING_REGISTER_DST_REPLACE = 1 << 1;

  /// `struct io_uring_clone_buffers`.
  public static final StructLayout CLONE_BUFFERS =
      structLayout(
              JAVA_INT.withName("src_fd"),
              JAVA_INT.withName("flags"),
              JAVA_INT.withName("src_off"),
              JAVA_INT.withName("dst_off"),
              JAVA_INT.withName("nr"),
              sequenceLayout(3, JAVA_INT).withName("pad"))
          .withName("io_uring_clone_buffers");

  /// `struct io_uring_buf`.
  public static final StructLayout BUF =
      structLayout(
              JAVA_LONG.withName("addr"),
              JAVA_INT.withName("len"),
              JAVA_SHORT.withName("bid"),
              JAVA_SHORT.withName("resv"))
          .withName("io_uring_buf");

  /// `struct io_uring_buf_reg`.
  public static final StructLayout BUF_REG =
      structLayout(
              JAVA_LONG.withName("ring_addr"),
              JAVA_INT.withName("ring_entries"),
              JAVA_SHORT.withName("bgid"),
              JAVA_SHORT.withName("flags"),
              sequenceLayout(3, JAVA_LONG).withName("resv2"))
          .withName("io_uring_buf_reg");

  // io_uring_buf_reg->flags
  public static final int IOU_PBUF_RING_INC = 2;

  public static final int IO_URING_OP_SUPPORTED = 1;

  /// `struct io_uring_probe_op`.
  public static final StructLayout PROBE_OP =
      structLayout(
              JAVA_BYTE.withName("op"),
              JAVA_BYTE.withName("resv"),
              JAVA_SHORT.withName("flags"),
              JAVA_INT.withName("resv2"))
          .withName("io_uring_probe_op");

  /// The most opcodes a probe can ask for: `op` has eight bits.
  public static final int PROBE_OPS_MAX = 256;

  /// `struct io_uring_probe` with room for every opcode.
  public static final StructLayout PROBE =
      structLayout(
              JAVA_BYTE.withName("last_op"),
              JAVA_BYTE.withName("ops_len"),
              JAVA_SHORT.withName("resv"),
              sequenceLayout(3, JAVA_INT).withName("resv2"),
              sequenceLayout(PROBE_OPS_MAX, PROBE_OP).withName("ops"))
          .withName("io_uring_probe");

  /// `struct io_uring_getevents_arg`.
  public static final StructLayout GETEVENTS_ARG =
      structLayout(
              JAVA_LONG.withName("sigmask"),
              JAVA_INT.withName("sigmask_sz"),
              JAVA_INT.withName("min_wait_usec"),
              JAVA_LONG.withName("ts"))
          .withName("io_uring_getevents_arg");

  /// `struct __kernel_timespec` of `linux/time_types.h`.
  public static final StructLayout TIMESPEC =
      structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"))
          .withName("__kernel_timespec");

  /// `struct iovec` of `linux/uio.h`.
  public static final StructLayout IOVEC =
      structLayout(JAVA_LONG.withName("iov_base"), JAVA_LONG.withName("iov_len"))
          .withName("iovec");

  /// `RWF_DSYNC` of `linux/fs.h`: this write is on stable storage when it completes.
  public static final int RWF_DSYNC = 2;

  /// `RWF_ATOMIC` of `linux/fs.h`: all of the bytes or none of them, even when the power fails.
  public static final int RWF_ATOMIC = 0x40;

  /// `RWF_DONTCACHE` of `linux/fs.h`: drop the pages when they are written.
  public static final int RWF_DONTCACHE = 0x80;

  /// `POLLIN` of `asm-generic/poll.h`.
  public static final int POLLIN = 1;

  /// Neighbouring fields as one number, the first of them in its lower bits, as they lie on x86-64
  /// and on aarch64 under Linux. They are aligned, which need not be checked at each access.
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// [#SQE] in words, each named by its fields; the last two are never written.
  static final StructLayout SQE_WORDS =
      structLayout(
          WORD.withName("opcode_flags_ioprio_fd"),
          WORD.withName("off"),
          WORD.withName("addr"),
          WORD.withName("len_rw_flags"),
          WORD.withName("user_data"),
          WORD.withName("buf_index_personality_file_index"),
          sequenceLayout(2, WORD));

  /// [#CQE] in words.
  static final StructLayout CQE_WORDS =
      structLayout(WORD.withName("user_data"), WORD.withName("res_flags"));

  static {
    if (SQE.byteSize() != 64 || CQE.byteSize() != 16 || PARAMS.byteSize() != 120) {
      throw new AssertionError(
          "sizes " + SQE.byteSize() + " " + CQE.byteSize() + " " + PARAMS.byteSize());
    }
  }

  private UringAbi() {}

  /// Access to a field by its C names, from a struct down; its coordinates are a segment and the
  /// struct's offset in it.
  static VarHandle field(MemoryLayout layout, String... names) {
    PathElement[] path = new PathElement[names.length];
    for (int i = 0; i < names.length; i++) {
      path[i] = PathElement.groupElement(names[i]);
    }
    return layout.varHandle(path);
  }
}
