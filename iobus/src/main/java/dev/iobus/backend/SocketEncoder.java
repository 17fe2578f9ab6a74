package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.SocketAbi;
import dev.iobus.posix.SocketCalls;
import dev.iobus.posix.TimespecAbi;
import dev.iobus.uring.SubmissionQueue;
import dev.iobus.uring.UringFeatures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Turns requests on sockets, readiness and time into submission queue entries, and takes what the
/// kernel wrote for them. Threads as in [RequestEncoder].
///
/// What the kernel reads and writes beside the user's memory lies in a [Notes] for each slot of the
/// in-flight table, made on first use and kept.
final class SocketEncoder {

  // Constant after construction.
  private final Arena arena;
  private final SubmissionQueue submissions;
  private final UringFeatures features;
  private final UringPools pools;

  // Written by fill; an element is read by finish once its request has gone through the kernel.
  private final @Nullable Notes[] notes;

  /// @param arena holds memory that the kernel reads and writes, until the ring is closed
  SocketEncoder(
      Arena arena,
      SubmissionQueue submissions,
      UringFeatures features,
      UringPools pools,
      int capacity) {
    this.arena = arena;
    this.submissions = submissions;
    this.features = features;
    this.pools = pools;
    notes = new Notes[capacity];
  }

  /// Memory beside the user's, for one request at a time.
  private static final class Notes {
    final MemorySegment time;
    final MemorySegment address;
    final MemorySegment addressLength;
    final MemorySegment message;

    Notes(Arena arena) {
      time = arena.allocate(TIMESPEC);
      address = arena.allocate(SocketAbi.SOCKADDR_BYTES, 8);
      addressLength = arena.allocate(java.lang.foreign.ValueLayout.JAVA_INT);
      message = arena.allocate(SocketAbi.MSGHDR);
    }
  }

  /// Fills an entry for the request.
  ///
  /// @param linked whether the request is tied to another
  /// @throws IllegalArgumentException for an address that the socket cannot have
  void fill(Request request, int flags, long token, boolean linked) {
    int fd = request.file;
    switch (request.op) {
      case SOCKET -> socket(request, flags, token, linked);
      case CONNECT -> {
        Notes memory = notes(token);
        int length = encode(memory, request);
        push(IORING_OP_CONNECT, flags, fd, length, memory.address.address(), 0, 0, token);
      }
      case BIND -> bind(request, flags, token, linked);
      case LISTEN -> {
        if (features.has(IORING_OP_LISTEN) || linked) {
          push(IORING_OP_LISTEN, flags, fd, 0, 0, request.length, 0, token);
        } else {
          carry(request, SocketCalls.listen(fd, request.length), token);
        }
      }
      case ACCEPT -> accept(request, flags, token);
      case SEND -> send(request, flags, token);
      case RECV -> receive(request, flags, token);
      case SEND_MESSAGE -> {
        Notes memory = notes(token);
        int length = request.address == null ? 0 : encode(memory, request);
        long message = message(memory, request, length);
        boolean copies = !request.zeroCopy || !features.has(IORING_OP_SENDMSG_ZC);
        int opcode = copies ? IORING_OP_SENDMSG : IORING_OP_SENDMSG_ZC;
        boolean whole = request.link == Link.CHAIN;
        int how = SocketAbi.MSG_NOSIGNAL | (whole ? SocketAbi.MSG_WAITALL : 0);
        push(opcode, flags, fd, 0, message, 1, how, token);
      }
      case RECV_MESSAGE -> {
        Notes memory = notes(token);
        long message = message(memory, request, SocketAbi.SOCKADDR_BYTES);
        push(IORING_OP_RECVMSG, flags, fd, 0, message, 1, 0, token);
      }
      case SHUTDOWN -> push(IORING_OP_SHUTDOWN, flags, fd, 0, 0, request.mask, 0, token);
      case POLL -> {
        int how = request.multishot ? IORING_POLL_ADD_MULTI : 0;
        push(IORING_OP_POLL_ADD, flags, fd, 0, 0, how, request.mask, token);
      }
      case TIMEOUT -> {
        long time = time(notes(token), request);
        push(IORING_OP_TIMEOUT, flags, -1, 0, time, 1, clock(request), token);
      }
      default -> throw new AssertionError(request.op);
    }
  }

  /// Fills an entry for a transfer of one part of memory, alone.
  void fillPlain(Request request, Op op, long token) {
    boolean sends = op == Op.SEND;
    int opcode = sends ? IORING_OP_SEND : IORING_OP_RECV;
    int how = sends ? SocketAbi.MSG_NOSIGNAL : 0;
    long address = request.buffer.address();
    push(opcode, 0, request.file, 0, address, request.length, how, token);
  }

  /// Fills the entry that ends the one before it when the time is over.
  ///
  /// @param flags ties to a later entry
  void fillDeadline(Request request, int flags, long token) {
    long time = time(notes(token), request);
    push(
        IORING_OP_LINK_TIMEOUT, flags, -1, 0, time, 1, clock(request), UringBackend.DEADLINE);
  }

  private void push(
      int opcode, int flags, int fd, long off, long addr, int len, int opFlags, long token) {
    submissions.push(opcode, flags, fd, off, addr, len, opFlags, 0, token);
  }

  /// Lets an entry that does nothing carry a result that is known already.
  private void carry(Request request, int result, long token) {
    request.scratch = result;
    push(IORING_OP_NOP, 0, -1, 0, 0, 0, 0, token);
  }

  /// As [#carry], by an entry that fails: it cuts the chain that the request begins or stands in.
  private void refuse(Request request, int result, int flags, long token) {
    request.scratch = result;
    int ties = flags & ~IOSQE_FIXED_FILE;
    push(IORING_OP_ASYNC_CANCEL, ties, -1, 0, UringBackend.NOBODY, 0, 0, token);
  }

  private void socket(Request request, int flags, long token, boolean linked) {
    int family = family(request.family);
    int type = request.datagram ? SocketAbi.SOCK_DGRAM : SocketAbi.SOCK_STREAM;
    int how = type | SocketAbi.SOCK_CLOEXEC;
    if (features.has(IORING_OP_SOCKET) || linked) {
      push(IORING_OP_SOCKET, flags, family, how, 0, 0, 0, token);
    } else {
      carry(request, SocketCalls.socket(family, how, 0), token);
    }
  }

  private void bind(Request request, int flags, long token, boolean linked) {
    Notes memory = notes(token);
    int length = encode(memory, request);
    if (features.has(IORING_OP_BIND) || linked) {
      push(IORING_OP_BIND, flags, request.file, length, memory.address.address(), 0, 0, token);
    } else {
      carry(request, SocketCalls.bind(request.file, memory.address, length), token);
    }
  }

  /// The kernel writes the peer's address for a single accept; for many it could write the next
  /// over the last, so there it is asked for later.
  private void accept(Request request, int flags, long token) {
    int how = SocketAbi.SOCK_CLOEXEC;
    if (request.multishot) {
      push(IORING_OP_ACCEPT, flags, request.file, 0, 0, 0, how, token);
      submissions.setPriority(IORING_ACCEPT_MULTISHOT);
      return;
    }
    Notes memory = notes(token);
    memory.addressLength.set(
        java.lang.foreign.ValueLayout.JAVA_INT, 0, SocketAbi.SOCKADDR_BYTES);
    long lengthAddress = memory.addressLength.address();
    long address = memory.address.address();
    push(IORING_OP_ACCEPT, flags, request.file, lengthAddress, address, 0, how, token);
  }

  /// A send in a chain goes on until all is sent, since the kernel cuts a chain after a short one
  /// only if it was asked for the whole.
  private void send(Request request, int flags, long token) {
    int opcode =
        request.zeroCopy && features.has(IORING_OP_SEND_ZC) ? IORING_OP_SEND_ZC : IORING_OP_SEND;
    boolean whole = request.whole || request.link == Link.CHAIN;
    int how = SocketAbi.MSG_NOSIGNAL | (whole ? SocketAbi.MSG_WAITALL : 0);
    long address = request.buffer.address();
    push(opcode, flags, request.file, 0, address, request.length, how, token);
  }

  private void receive(Request request, int flags, long token) {
    int fd = request.file;
    if (request.pool < 0) {
      boolean whole = request.whole || request.link == Link.CHAIN;
      int how = whole ? SocketAbi.MSG_WAITALL : 0;
      push(IORING_OP_RECV, flags, fd, 0, request.buffer.address(), request.length, how, token);
    } else if (pools.areRings()) {
      submissions.push(
          IORING_OP_RECV, flags | IOSQE_BUFFER_SELECT, fd, 0, 0, 0, 0, request.pool, token);
      submissions.setPriority(request.multishot ? IORING_RECV_MULTISHOT : 0);
    } else if (pools.take(request)) {
      push(IORING_OP_RECV, flags, fd, 0, request.buffer.address(), request.length, 0, token);
    } else {
      refuse(request, -Errno.ENOBUFS, flags, token);
    }
  }

  private static long message(Notes memory, Request request, int nameLength) {
    MemorySegment name = nameLength == 0 ? MemorySegment.NULL : memory.address;
    MemorySegment vectors = MemorySegment.ofAddress(request.vectors.encode());
    SocketAbi.setMessage(memory.message, name, nameLength, vectors, request.vectors.count());
    return memory.message.address();
  }

  private static int encode(Notes memory, Request request) {
    return SocketAbi.encode(
        memory.address, java.util.Objects.requireNonNull(request.address), family(request.family));
  }

  /// The kernel counts a span from when it begins the request, or goes by its CLOCK_MONOTONIC, which
  /// is that of [System#nanoTime()].
  private static long time(Notes memory, Request request) {
    long nanos = request.hasDeadline ? Math.max(0, request.deadlineNanos) : request.timeoutNanos;
    TimespecAbi.set(memory.time, nanos);
    return memory.time.address();
  }

  private static int clock(Request request) {
    return request.hasDeadline ? IORING_TIMEOUT_ABS : 0;
  }

  static int family(int family) {
    return switch (family) {
      case SocketFamily.UNIX -> SocketAbi.AF_UNIX;
      case SocketFamily.INET -> SocketAbi.AF_INET;
      case SocketFamily.INET6 -> SocketAbi.AF_INET6;
      default -> throw new IllegalArgumentException("socket family " + family);
    };
  }

  private Notes notes(long token) {
    int slot = InFlightTable.slot(token);
    Notes present = notes[slot];
    if (present == null) {
      present = new Notes(arena);
      notes[slot] = present;
    }
    return present;
  }

  /// Takes what the kernel wrote for a request that has a completion. Returns the result to pass
  /// on.
  int finish(Request request, long token, int result) {
    if (request.scratch instanceof Integer answer) {
      return answer;
    }
    Notes memory = notes[InFlightTable.slot(token)];
    switch (request.op) {
      case ACCEPT -> {
        if (!request.multishot && result >= 0 && memory != null) {
          int length = memory.addressLength.get(java.lang.foreign.ValueLayout.JAVA_INT, 0);
          request.address = SocketAbi.decode(memory.address, length);
        }
      }
      case RECV_MESSAGE -> {
        if (result >= 0 && memory != null) {
          int length = SocketAbi.nameLength(memory.message);
          request.address = SocketAbi.decode(memory.address, length);
          request.truncated = SocketAbi.isTruncated(memory.message);
        }
      }
      case TIMEOUT -> {
        return result == -Errno.ETIME ? 0 : result;
      }
      default -> {}
    }
    return result;
  }
}
