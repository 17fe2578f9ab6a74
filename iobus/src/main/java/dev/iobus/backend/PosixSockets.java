package dev.iobus.backend;

import static dev.iobus.backend.JobWaits.WAITS;

import dev.iobus.posix.BsdFcntlAbi;
import dev.iobus.posix.Errno;
import dev.iobus.posix.FileCalls;
import dev.iobus.posix.Host;
import dev.iobus.posix.HostSocketAbi;
import dev.iobus.posix.Libc;
import dev.iobus.posix.PollAbi;
import dev.iobus.posix.SocketAbi;
import dev.iobus.posix.SocketCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// The calls behind each [Op] on sockets, on descriptors of the host that do not block. Results are
/// the kernel's, or [JobWaits#WAITS].
///
/// [#attempt] is guarded by the lock of [KqueueWaits]; the rest is stateless.
final class PosixSockets {

  private static final HostSocketAbi ABI = HostSocketAbi.current();
  private static final int POLLED = PollBits.READABLE | PollBits.WRITABLE;
  private static final int TOLD_ALWAYS = PollBits.ERROR | PollBits.HANGUP;

  // Memory for one call at a time.
  private final MemorySegment address;
  private final MemorySegment addressLength;
  private final MemorySegment message;
  private final MemorySegment pollfd;

  PosixSockets(Arena arena) {
    address = arena.allocate(SocketAbi.SOCKADDR_BYTES, 8);
    addressLength = arena.allocate(ValueLayout.JAVA_INT);
    message = arena.allocate(ABI.message());
    pollfd = arena.allocate(PollAbi.POLLFD);
  }

  /// Carries out what never waits.
  static int call(Request request, MemorySegment errno) {
    try {
      return switch (request.op) {
        case SOCKET -> open(errno, request);
        case BIND -> bind(request);
        case LISTEN -> SocketCalls.listen(request.file, request.length);
        case SHUTDOWN -> SocketCalls.shutdown(errno, request.file, request.mask);
        default -> -Errno.EOPNOTSUPP;
      };
    } catch (RuntimeException e) {
      request.scratch = e;
      return NioErrno.negated(e);
    }
  }

  private static int open(MemorySegment errno, Request request) {
    int family = SocketEncoder.family(request.family);
    int type = request.datagram ? SocketAbi.SOCK_DGRAM : SocketAbi.SOCK_STREAM;
    int descriptor = SocketCalls.socket(ABI.family(family), type | ABI.typeFlags(), 0);
    if (descriptor >= 0 && family == SocketAbi.AF_INET6 && ABI.isV6OnlyAtFirst()) {
      SocketCalls.setsockopt(descriptor, ABI.ipv6Level(), ABI.v6Only(), 0);
    }
    return prepared(errno, descriptor);
  }

  /// Gives a new socket what the host could not give it when it was made.
  private static int prepared(MemorySegment errno, int descriptor) {
    if (descriptor < 0) {
      return descriptor;
    }
    if (ABI.typeFlags() == 0) {
      int refused =
          FileCalls.fcntl(errno, descriptor, BsdFcntlAbi.F_SETFD, BsdFcntlAbi.FD_CLOEXEC);
      if (refused >= 0) {
        refused = PosixTransfers.makeNonBlocking(errno, descriptor);
      }
      if (refused < 0) {
        Libc.close(errno, descriptor);
        return refused;
      }
    }
    if (ABI.noSignal() >= 0) {
      SocketCalls.setsockopt(descriptor, ABI.socketLevel(), ABI.noSignal(), 1);
    }
    Descriptors.markNonBlocking(descriptor);
    return descriptor;
  }

  private static int bind(Request request) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment storage = call.allocate(SocketAbi.SOCKADDR_BYTES, 8);
      int length =
          ABI.encode(
              storage,
              Objects.requireNonNull(request.address),
              SocketEncoder.family(request.family));
      return SocketCalls.bind(request.file, storage, length);
    }
  }

  /// Tries an operation, or goes on with it.
  ///
  /// @param ready whether the descriptor was found ready
  int attempt(KqueueJob job, boolean ready) {
    Request request = job.request();
    try {
      return switch (request.op) {
        case POLL -> poll(job, request);
        case CONNECT -> job.begun ? finishConnect(job.descriptor) : connect(job, request);
        case ACCEPT -> accept(job, request);
        case SEND, RECV ->
            job.buffers == null
                ? transfer(job, request)
                : receiveIntoPool(job, job.buffers, ready);
        case SEND_MESSAGE -> transfer(job, request);
        case RECV_MESSAGE -> receiveMessage(job, request);
        case READ, WRITE -> waiting(PosixTransfers.stream(job.errno, job.descriptor, request));
        default -> throw new AssertionError(request.op);
      };
    } catch (RuntimeException e) {
      request.scratch = e;
      return NioErrno.negated(e);
    }
  }

  private static int waiting(long result) {
    return result == -Errno.EAGAIN ? WAITS : (int) result;
  }

  private int poll(KqueueJob job, Request request) {
    int mask = request.mask & POLLED;
    if (mask == 0) {
      return -Errno.EOPNOTSUPP;
    }
    PollAbi.set(pollfd, job.descriptor, (short) mask);
    int answer = SocketCalls.poll(job.errno, pollfd, 1);
    if (answer <= 0) {
      return answer == 0 || answer == -Errno.EINTR ? WAITS : answer;
    }
    int bits = PollAbi.revents(pollfd);
    if ((bits & PollAbi.POLLNVAL) != 0) {
      return -Errno.EOPNOTSUPP; // A device that cannot be polled, on macOS.
    }
    return bits & (mask | TOLD_ALWAYS);
  }

  private int connect(KqueueJob job, Request request) {
    int length = encode(request);
    int answer = SocketCalls.connect(job.errno, job.descriptor, address, length);
    // A signal does not end it either, connect(2) of POSIX.
    if (answer != -Errno.EINPROGRESS && answer != -Errno.EINTR) {
      return answer;
    }
    job.begun = true;
    return WAITS;
  }

  private static int finishConnect(int descriptor) {
    int error = SocketCalls.takeError(descriptor);
    if (error != 0) {
      return -error;
    }
    return SocketCalls.isConnected(descriptor) ? 0 : WAITS;
  }

  private int encode(Request request) {
    return ABI.encode(
        address, Objects.requireNonNull(request.address), SocketEncoder.family(request.family));
  }

  /// A connection that is gone before it was accepted is passed over, as Linux does.
  private int accept(KqueueJob job, Request request) {
    int answer;
    do {
      addressLength.set(ValueLayout.JAVA_INT, 0, SocketAbi.SOCKADDR_BYTES);
      answer =
          SocketCalls.accept(job.errno, job.descriptor, address, addressLength, ABI.typeFlags());
    } while (answer == -Errno.EINTR || answer == -Errno.ECONNABORTED);
    if (answer < 0) {
      return waiting(answer);
    }
    int accepted = prepared(job.errno, answer);
    if (accepted >= 0) {
      request.address = ABI.decode(address, addressLength.get(ValueLayout.JAVA_INT, 0));
    }
    return accepted;
  }

  /// As io_uring has it: in a chain a transfer without its full length is a failure, so it goes on
  /// until it has that.
  private int transfer(KqueueJob job, Request request) {
    boolean whole = request.whole || request.link == Link.CHAIN;
    while (true) {
      long count = transferOnce(job, request);
      if (count == -Errno.EAGAIN) {
        return WAITS;
      }
      if (count < 0) {
        return job.moved > 0 ? job.moved : (int) count;
      }
      job.moved += (int) count;
      if (!whole || count == 0 || job.moved == request.length) {
        return job.moved;
      }
    }
  }

  private long transferOnce(KqueueJob job, Request request) {
    long result;
    do {
      result =
          switch (request.op) {
            case SEND_MESSAGE -> sendMessage(job, request);
            case SEND ->
                SocketCalls.send(
                    job.errno,
                    job.descriptor,
                    rest(job, request),
                    request.length - job.moved,
                    ABI.sendFlags());
            default ->
                SocketCalls.recv(
                    job.errno,
                    job.descriptor,
                    rest(job, request),
                    request.length - job.moved,
                    0);
          };
    } while (result == -Errno.EINTR);
    return result;
  }

  private static MemorySegment rest(KqueueJob job, Request request) {
    return job.moved == 0
        ? request.buffer
        : request.buffer.asSlice(job.moved, request.length - job.moved);
  }

  /// Takes a buffer when there is something to receive: where none is free, the socket must be
  /// ready for that to be a failure.
  private static int receiveIntoPool(KqueueJob job, ProvidedBuffers buffers, boolean ready) {
    int buffer = buffers.take();
    if (buffer < 0) {
      return ready ? -Errno.ENOBUFS : WAITS;
    }
    MemorySegment into = buffers.memory(buffer);
    long result;
    do {
      result = SocketCalls.recv(job.errno, job.descriptor, into, into.byteSize(), 0);
    } while (result == -Errno.EINTR);
    if (result > 0) {
      job.flags = CompletionFlags.ofBuffer(buffer);
    } else {
      buffers.giveBack(buffer);
    }
    return waiting(result);
  }

  private long sendMessage(KqueueJob job, Request request) {
    int length = request.address == null ? 0 : encode(request);
    setMessage(request, length, job.moved);
    return SocketCalls.sendmsg(job.errno, job.descriptor, message, ABI.sendFlags());
  }

  private int receiveMessage(KqueueJob job, Request request) {
    long result;
    do {
      setMessage(request, SocketAbi.SOCKADDR_BYTES, 0);
      result = SocketCalls.recvmsg(job.errno, job.descriptor, message, 0);
    } while (result == -Errno.EINTR);
    if (result >= 0) {
      request.address = ABI.decode(address, SocketAbi.nameLength(message));
      request.truncated = ABI.isTruncated(message);
    }
    return waiting(result);
  }

  /// @param moved bytes at the beginning of the parts that are left out
  private void setMessage(Request request, int nameLength, int moved) {
    MemorySegment name = nameLength == 0 ? MemorySegment.NULL : address;
    MemorySegment vectors = MemorySegment.ofAddress(request.vectors.encode(moved));
    ABI.setMessage(message, name, nameLength, vectors, request.vectors.count());
  }
}
