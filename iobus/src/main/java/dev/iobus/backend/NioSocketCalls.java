package dev.iobus.backend;

import static dev.iobus.backend.JobWaits.WAITS;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The calls behind each [Op] on sockets. None blocks; results are the kernel's, or
/// [JobWaits#WAITS].
///
/// [#attempt] is guarded by the lock of [NioSelector]; the rest is stateless.
final class NioSocketCalls {

  /// The longest datagram, and a byte to tell that there is more.
  private static final int DATAGRAM_BYTES = 65_536;

  private @Nullable ByteBuffer datagram;

  /// Carries out what never waits.
  static int call(Request request, @Nullable NioDescription file) {
    try {
      if (request.op == Op.SOCKET) {
        return socket(request);
      }
      if (request.op == Op.CLOSE) {
        return NioCalls.close(request);
      }
      if (!(file instanceof NioSocket socket)) {
        return refusal(request, file);
      }
      return switch (request.op) {
        case BIND -> socket.bind(Objects.requireNonNull(request.address));
        case LISTEN -> socket.listen(request.length);
        case SHUTDOWN -> socket.shutdown(request.mask);
        default -> throw new AssertionError(request.op);
      };
    } catch (IOException | RuntimeException | Error e) {
      request.scratch = e;
      return NioErrno.negated(e);
    }
  }

  /// The answer for what is no socket: a file is always ready, and nothing else can be asked of it.
  static int refusal(Request request, @Nullable NioDescription file) {
    if (file == null) {
      return -Errno.EBADF;
    }
    if (request.op != Op.POLL) {
      return -Errno.number("ENOTSOCK");
    }
    boolean ready = file instanceof NioFile regular && regular.isAlwaysReady();
    int bits = request.mask & (PollBits.READABLE | PollBits.WRITABLE);
    return ready && bits != 0 ? bits : -Errno.EOPNOTSUPP;
  }

  private static int socket(Request request) throws IOException {
    if (request.datagram && request.family == SocketFamily.UNIX) {
      return -Errno.EOPNOTSUPP;
    }
    NioSocket socket;
    try {
      socket = NioSocket.open(request.family, request.datagram);
    } catch (UnsupportedOperationException e) {
      request.scratch = e;
      return -Errno.EAFNOSUPPORT;
    }
    return NioFiles.add(socket);
  }

  /// Tries an operation, or goes on with it.
  ///
  /// @param ready whether the selector has found the socket ready
  int attempt(NioJob job, NioSocket socket, boolean ready) {
    Request request = job.request();
    int result;
    try {
      result = attemptOnce(job, socket, ready);
      if (result == WAITS && ready && request.op != Op.CONNECT && socket.isPending()) {
        // A connect that was cancelled goes on, and somebody has to end it.
        result = socket.finishConnect() ? attemptOnce(job, socket, true) : WAITS;
      }
    } catch (ClosedChannelException e) {
      request.scratch = e;
      result = sends(request.op) ? -Errno.EPIPE : -Errno.ENOTCONN; // One side was shut down.
    } catch (IOException | RuntimeException | Error e) {
      request.scratch = e;
      result = NioErrno.negated(e);
    }
    return result < 0 && result != WAITS && job.moved > 0 ? job.moved : result;
  }

  private int attemptOnce(NioJob job, NioSocket socket, boolean ready) throws IOException {
    Request request = job.request();
    try {
      return switch (request.op) {
        case CONNECT -> connect(job, socket);
        case ACCEPT -> accept(request, socket);
        case SEND, RECV, READ, WRITE, SEND_MESSAGE, RECV_MESSAGE ->
            switch (socket.channel()) {
              case SocketChannel stream -> transfer(job, stream, ready);
              case DatagramChannel channel -> message(job, channel, ready);
              default -> -Errno.ENOTCONN;
            };
        default -> throw new AssertionError(request.op);
      };
    } catch (NotYetConnectedException e) {
      if (socket.isPending()) {
        return WAITS;
      }
      boolean homeless = sends(request.op) && socket.channel() instanceof DatagramChannel;
      return homeless ? -Errno.EDESTADDRREQ : -Errno.ENOTCONN;
    }
  }

  private static boolean sends(Op op) {
    return op == Op.SEND || op == Op.SEND_MESSAGE || op == Op.WRITE;
  }

  private static int connect(NioJob job, NioSocket socket) throws IOException {
    SocketAddress address = Objects.requireNonNull(job.request().address);
    boolean ended = job.begun ? socket.finishConnect() : socket.connect(address);
    job.begun = true;
    return ended ? 0 : WAITS;
  }

  private static int accept(Request request, NioSocket socket) throws IOException {
    if (!(socket.channel() instanceof ServerSocketChannel server)) {
      return -Errno.EINVAL;
    }
    NioSocket accepted = socket.accept(server);
    if (accepted == null) {
      return WAITS;
    }
    request.address = accepted.peerAddress();
    return NioFiles.add(accepted);
  }

  private static int transfer(NioJob job, SocketChannel stream, boolean ready)
      throws IOException {
    Request request = job.request();
    if (job.buffers != null) {
      return receiveIntoPool(job, job.buffers, stream, ready);
    }
    if (!request.vectors.isEmpty()) {
      return transferParts(job, stream);
    }
    boolean whole = isWhole(request);
    ByteBuffer bytes = memory(request).position(job.moved);
    while (bytes.hasRemaining()) {
      int count = sends(request.op) ? stream.write(bytes) : stream.read(bytes);
      if (count == 0) {
        return WAITS;
      }
      if (count < 0) {
        return job.moved;
      }
      job.moved += count;
      if (!whole) {
        return job.moved;
      }
    }
    return job.moved;
  }

  /// As io_uring has it: in a chain a transfer without its full length is a failure, so it goes on
  /// until it has that.
  private static boolean isWhole(Request request) {
    return switch (request.op) {
      case SEND, RECV -> request.whole || request.link == Link.CHAIN;
      case SEND_MESSAGE -> request.link == Link.CHAIN;
      default -> false;
    };
  }

  private static int transferParts(NioJob job, SocketChannel stream) throws IOException {
    Request request = job.request();
    boolean whole = isWhole(request);
    while (job.moved < request.length) {
      ByteBuffer[] parts = parts(request, job.moved);
      long count = sends(request.op) ? stream.write(parts) : stream.read(parts);
      if (count == 0) {
        return WAITS;
      }
      if (count < 0) {
        return job.moved;
      }
      job.moved += (int) count;
      if (!whole) {
        return job.moved;
      }
    }
    return job.moved;
  }

  private static ByteBuffer memory(Request request) {
    return request.buffer.asSlice(request.bufferOffset, request.length).asByteBuffer();
  }

  /// @param moved bytes at the beginning that are left out
  private static ByteBuffer[] parts(Request request, int moved) {
    ByteBuffer[] parts = new ByteBuffer[request.vectors.count()];
    int left = moved;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = request.vectors.part(i).asByteBuffer();
      int skipped = Math.min(left, parts[i].remaining());
      parts[i].position(skipped);
      left -= skipped;
    }
    return parts;
  }

  /// Takes a buffer when there is something to receive: where none is free, the socket must be
  /// ready for that to be a failure.
  private static int receiveIntoPool(
      NioJob job, ProvidedBuffers buffers, ReadableByteChannel from, boolean ready)
      throws IOException {
    int buffer = buffers.take();
    if (buffer < 0) {
      return ready ? -Errno.ENOBUFS : WAITS;
    }
    boolean used = false;
    try {
      ByteBuffer bytes = buffers.memory(buffer).asByteBuffer();
      boolean arrived;
      int count;
      if (from instanceof DatagramChannel channel) {
        arrived = channel.receive(bytes) != null;
        count = bytes.position();
      } else {
        count = from.read(bytes);
        arrived = count != 0;
      }
      if (!arrived) {
        return WAITS;
      }
      if (count > 0) {
        used = true;
        job.flags = CompletionFlags.ofBuffer(buffer);
      }
      return Math.max(count, 0);
    } finally {
      if (!used) {
        buffers.giveBack(buffer);
      }
    }
  }

  private int message(NioJob job, DatagramChannel channel, boolean ready) throws IOException {
    Request request = job.request();
    if (job.buffers != null) {
      return receiveIntoPool(job, job.buffers, channel, ready);
    }
    return switch (request.op) {
      case RECV, READ, RECV_MESSAGE -> receive(request, channel);
      default -> send(request, channel);
    };
  }

  /// `DatagramChannel` drops what does not fit and does not say so; hence the copy.
  private int receive(Request request, DatagramChannel channel) throws IOException {
    ByteBuffer bytes = datagram().clear();
    SocketAddress sender = channel.receive(bytes);
    if (sender == null) {
      return WAITS;
    }
    bytes.flip();
    int length = bytes.remaining();
    if (request.vectors.isEmpty()) {
      copy(bytes, memory(request));
    } else {
      for (ByteBuffer part : parts(request, 0)) {
        copy(bytes, part);
      }
    }
    request.address = sender;
    request.truncated = bytes.hasRemaining();
    return length - bytes.remaining();
  }

  private static void copy(ByteBuffer from, ByteBuffer to) {
    int count = Math.min(from.remaining(), to.remaining());
    to.put(0, from, from.position(), count);
    from.position(from.position() + count);
  }

  private int send(Request request, DatagramChannel channel) throws IOException {
    if (request.length > DATAGRAM_BYTES) {
      return -Errno.EMSGSIZE;
    }
    ByteBuffer bytes;
    if (request.vectors.isEmpty()) {
      bytes = memory(request);
    } else if (request.vectors.count() == 1) {
      bytes = request.vectors.part(0).asByteBuffer();
    } else {
      bytes = datagram().clear();
      for (ByteBuffer part : parts(request, 0)) {
        bytes.put(part);
      }
      bytes.flip();
    }
    int length = bytes.remaining();
    SocketAddress to = request.op == Op.SEND_MESSAGE ? request.address : null;
    int count = to == null ? channel.write(bytes) : channel.send(bytes, to);
    return count == 0 && length > 0 ? WAITS : count;
  }

  private ByteBuffer datagram() {
    ByteBuffer present = datagram;
    if (present == null) {
      present = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
      datagram = present;
    }
    return present;
  }
}
