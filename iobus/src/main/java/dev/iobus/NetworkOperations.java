package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Op;
import dev.iobus.backend.SocketFamily;
import dev.iobus.backend.Vectors;
import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The operations of a [Bus] on sockets, readiness and time. Each method prepares a handle.
///
/// Confined to the bus thread.
abstract sealed class NetworkOperations extends FileOperations permits QueueOperations {

  /// What talks to the host.
  abstract Backend driver();

  /// Prepares to make a socket, socket(2). It is closed by a `close` operation.
  ///
  /// @param family INET, INET6 or UNIX
  public Handle socket(StandardProtocolFamily family, SocketType type) {
    int number = familyNumber(family);
    Handle handle = take(Op.SOCKET, family + " " + type);
    handle.request.family = number;
    handle.request.datagram = type == SocketType.DATAGRAM;
    return handle;
  }

  /// Prepares to connect a socket, connect(2). To a datagram socket it gives the address that later
  /// sends go to.
  ///
  /// @param address of the socket's family; its host name is resolved
  public Handle connect(OpenSocket socket, SocketAddress address) {
    return addressed(Op.CONNECT, socket, address);
  }

  /// Prepares to give a socket its own address, bind(2). Port 0 lets the host choose; ask
  /// [Bus#localAddress] which.
  public Handle bind(OpenSocket socket, SocketAddress address) {
    return addressed(Op.BIND, socket, address);
  }

  /// Prepares to let a bound stream socket take connections, listen(2).
  ///
  /// @param backlog connections that may wait to be accepted, at least 1; the host has a limit of
  ///     its own (`net.core.somaxconn`)
  public Handle listen(OpenSocket socket, int backlog) {
    if (backlog < 1) {
      throw new IllegalArgumentException("backlog " + backlog + " is not at least 1");
    }
    Handle handle = onFile(Op.LISTEN, socket);
    handle.request.length = backlog;
    return handle;
  }

  /// Prepares to accept one connection, accept4(2).
  public Handle accept(OpenSocket socket) {
    return onFile(Op.ACCEPT, socket);
  }

  /// Prepares to accept connections until it is cancelled or fails: each has a result, and all but
  /// the last are [Result#hasMore()]. The last may be a connection as well, where the kernel has ended
  /// the operation because results were not dispatched in time: enqueue another one then. The host is
  /// asked for the peer's address when a result is ended; of a connection that was reset before that
  /// there is none ([Bus#remoteAddress]).
  public Handle acceptMany(OpenSocket socket) {
    return repeating(onFile(Op.ACCEPT, socket));
  }

  /// Prepares to send up to all of `from`, send(2).
  ///
  /// @param socket connected
  /// @param from native memory; confined to one thread on io_uring alone
  public Handle send(BusFile socket, MemorySegment from) {
    checks().memory(from, false);
    return plain(Op.SEND, socket, from);
  }

  /// Prepares to send all of `from`, in as many requests as it takes. It cannot be part of a chain;
  /// a [#send] in a chain is whole by itself. After a failure any part may have been sent.
  public Handle sendFully(BusFile socket, MemorySegment from) {
    checks().memory(from, false);
    Handle handle = onFile(Op.SEND, socket);
    handle.bits |= Handle.FULL;
    handle.request.whole = true;
    handle.extras.transfer().begin(handle.request, from, 0, true, 1);
    return handle;
  }

  /// Prepares to send up to all of `from` without copying it (`io_uring_prep_send_zc(3)`), which
  /// pays from about 1 KiB. It has two results: what was sent, and later, as the last, that the
  /// memory is the caller's again. Where the host cannot, and on sockets of the family UNIX, it
  /// copies and has one result.
  public Handle sendZeroCopy(BusFile socket, MemorySegment from) {
    return withoutCopy(send(socket, from));
  }

  /// Prepares to receive at least one byte and up to `into.byteSize()`, recv(2).
  ///
  /// @param into native memory; confined to one thread on io_uring alone
  public Handle recv(BusFile socket, MemorySegment into) {
    checks().memory(into, true);
    return plain(Op.RECV, socket, into);
  }

  /// Prepares to receive until `into` is full or the peer has sent its last. It cannot be part of a
  /// chain; a [#recv] in a chain is whole by itself.
  public Handle recvFully(BusFile socket, MemorySegment into) {
    checks().memory(into, true);
    Handle handle = onFile(Op.RECV, socket);
    handle.bits |= Handle.FULL;
    handle.request.whole = true;
    handle.extras.transfer().begin(handle.request, into, 0, false, 1);
    return handle;
  }

  /// Prepares to receive into a buffer that is taken from a pool when bytes have arrived.
  public Handle recv(BusFile socket, BufferPool pool) {
    checkPool(pool);
    int number = pool.number(); // Refuses one that is closed.
    Handle handle = onFile(Op.RECV, socket);
    handle.request.pool = number;
    handle.request.length = pool.bufferBytes();
    handle.extras.pool = pool;
    pool.retain();
    return handle;
  }

  /// Prepares to receive again and again, each time into a buffer of the pool, until the peer has
  /// sent its last, the pool is empty, it fails or is cancelled. All results but the last are
  /// [Result#hasMore()]; the last may have bytes as well, see [#acceptMany(OpenSocket)].
  public Handle recvMany(BusFile socket, BufferPool pool) {
    return repeating(recv(socket, pool));
  }

  /// Prepares to send one message made of parts, sendmsg(2). On a stream it may be sent in part; in a
  /// chain it is whole by itself.
  ///
  /// @param to the receiver of a datagram
  /// @param parts native memory, 1 to 1,024 parts
  public Handle sendMessage(OpenSocket socket, SocketAddress to, MemorySegment... parts) {
    Handle handle = addressed(Op.SEND_MESSAGE, socket, to);
    return message(handle, parts, false);
  }

  /// As above, on a connected socket.
  public Handle sendMessage(OpenSocket socket, MemorySegment... parts) {
    return message(onFile(Op.SEND_MESSAGE, socket), parts, false);
  }

  /// As [#sendMessage(OpenSocket, SocketAddress, MemorySegment...)], without copying the parts
  /// (`io_uring_prep_sendmsg_zc(3)`): with two results where the host can, as [#sendZeroCopy]. Each
  /// is ended by [Result#endSendMessage()].
  public Handle sendMessageZeroCopy(
      OpenSocket socket, SocketAddress to, MemorySegment... parts) {
    return withoutCopy(sendMessage(socket, to, parts));
  }

  /// As above, on a connected socket.
  public Handle sendMessageZeroCopy(OpenSocket socket, MemorySegment... parts) {
    return withoutCopy(sendMessage(socket, parts));
  }

  /// Prepares to receive one message into parts, each filled before the next, recvmsg(2). The
  /// result tells the sender, and whether the message was longer.
  public Handle recvMessage(OpenSocket socket, MemorySegment... parts) {
    return message(onFile(Op.RECV_MESSAGE, socket), parts, true);
  }

  /// Prepares to end one side of a connection or both, shutdown(2). It takes its place in a chain
  /// behind the sends.
  public Handle shutdown(BusFile socket, SocketSide side) {
    Handle handle = onFile(Op.SHUTDOWN, socket);
    handle.request.mask = side.number();
    return handle;
  }

  /// Prepares to wait until a file is ready, poll(2). A regular file always is.
  public Handle poll(BusFile file, Readiness first, Readiness... rest) {
    int bits = Readiness.bits(first, rest);
    Handle handle = onFile(Op.POLL, file);
    handle.request.mask = bits;
    return handle;
  }

  /// Prepares to tell again and again that a file is ready, until it is cancelled or fails. Told at
  /// least once whenever it becomes ready; perhaps more often. All results but the last are
  /// [Result#hasMore()]; the last may tell of readiness as well, see [#acceptMany(OpenSocket)], and on
  /// the file of another bus ([Bus#busFile()]) most of them do.
  public Handle pollMany(BusFile file, Readiness first, Readiness... rest) {
    return repeating(poll(file, first, rest));
  }

  /// Prepares a wait for a span of time, from when it begins: when it is submitted, or when what it
  /// waits for has ended, as those before it in a series. It ends without failure when the time has
  /// passed.
  ///
  /// @param span zero or longer
  public Handle timeout(Duration span) {
    if (span.isNegative()) {
      throw new IllegalArgumentException("the span " + span + " is negative");
    }
    long nanos = Bus.nanos(span);
    Handle handle = take(Op.TIMEOUT, nanos + " ns");
    handle.request.timeoutNanos = nanos;
    return handle;
  }

  /// Prepares a wait until a point of time, which may be over. However late it is enqueued, and
  /// whatever it waits for in a chain or series, it does not move.
  ///
  /// @param nanoTime on the clock of the scheduler in the options, by default
  ///     [System#nanoTime()]
  public Handle timeoutAt(long nanoTime) {
    Handle handle = take(Op.TIMEOUT, "until " + nanoTime + " ns");
    handle.request.hasDeadline = true;
    handle.extras.deadline = nanoTime;
    return handle;
  }

  /// Prepares to close a socket. From `enqueue` on, new operations on it are refused. Those that
  /// wait on it go on waiting, as the kernel has it, and full transfers keep the close waiting, too:
  /// cancel them ([Bus#cancelAll(BusFile)]), or end the connection first ([#shutdown]). Where an
  /// operation with `Many` in its name is submitted anew for each result, it ends with EBADF.
  public Handle close(OpenSocket socket) {
    return onFile(Op.CLOSE, socket);
  }

  /// The address of a socket's own end, getsockname(2).
  ///
  /// @throws BusException where it has none
  public SocketAddress localAddress(OpenSocket socket) throws BusException {
    checkOpen();
    checks().file(socket);
    return address("localAddress", socket, driver().localAddress(socket.descriptor()));
  }

  /// The address of a socket's other end: as it was told when the socket was accepted, else
  /// getpeername(2).
  ///
  /// @throws BusException where it is not connected
  public SocketAddress remoteAddress(OpenSocket socket) throws BusException {
    checkOpen();
    checks().file(socket);
    SocketAddress told = socket.acceptedFrom();
    return told != null
        ? told
        : address("remoteAddress", socket, driver().peerAddress(socket.descriptor()));
  }

  private static SocketAddress address(
      String operation, OpenSocket socket, @Nullable SocketAddress address) throws BusException {
    if (address == null) {
      throw BusException.of(operation, socket.path(), -Errno.ENOTCONN, null);
    }
    return address;
  }

  /// Sets an option of a socket, setsockopt(2): SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE,
  /// SO_BROADCAST, TCP_NODELAY, SO_RCVBUF and SO_SNDBUF of [java.net.StandardSocketOptions].
  ///
  /// @throws BusException when the host refuses it, or does not know it here
  public <T> void setOption(OpenSocket socket, SocketOption<T> option, T value)
      throws BusException {
    checkOpen();
    checks().file(socket);
    int number =
        switch (value) {
          case Boolean on -> on ? 1 : 0;
          case Integer size -> size;
          default -> throw new IllegalArgumentException(option + " is not a number or a switch");
        };
    int answer = driver().setOption(socket.descriptor(), option, number);
    if (answer < 0) {
      throw refusal("setOption " + option.name(), socket, answer);
    }
  }

  /// An option of a socket, getsockopt(2); those of [#setOption].
  public <T> T option(OpenSocket socket, SocketOption<T> option) throws BusException {
    checkOpen();
    checks().file(socket);
    int answer = driver().option(socket.descriptor(), option);
    if (answer < 0) {
      throw refusal("option " + option.name(), socket, answer);
    }
    Object value = option.type() == Boolean.class ? (Object) (answer != 0) : (Object) answer;
    return option.type().cast(value);
  }

  private BusException refusal(String operation, OpenSocket socket, int answer) {
    return answer == -Errno.EOPNOTSUPP
        ? NotSupportedException.of(
            operation,
            socket.path(),
            "this bus knows no such option, or " + checks().kind().label()
                + " has none on this host; go without it")
        : BusException.of(operation, socket.path(), answer, null);
  }

  OpenSocket newOpenSocket(Handle handle, int descriptor) {
    if (handle.op == Op.ACCEPT && handle.file instanceof OpenSocket listening) {
      SocketAddress peer = handle.repeats() ? null : handle.request.address;
      if (peer == null) {
        peer = driver().peerAddress(descriptor);
      }
      return new OpenSocket(
          descriptor, checks().kind(), listening.familyNumber(), SocketType.STREAM, peer);
    }
    SocketType type = handle.request.datagram ? SocketType.DATAGRAM : SocketType.STREAM;
    return new OpenSocket(descriptor, checks().kind(), handle.request.family, type, null);
  }

  /// The kernel refuses it with EOPNOTSUPP for the family UNIX, whose sends are one copy anyway.
  private static Handle withoutCopy(Handle handle) {
    handle.stopBeingPlain();
    handle.request.zeroCopy =
        handle.file instanceof OpenSocket socket && socket.familyNumber() != SocketFamily.UNIX;
    return handle;
  }

  private static Handle repeating(Handle handle) {
    handle.stopBeingPlain();
    handle.bits |= Handle.REPEATS;
    return handle;
  }

  private Handle addressed(Op op, OpenSocket socket, SocketAddress address) {
    Objects.requireNonNull(address, "address");
    SocketAddresses.check(socket, address);
    Handle handle = onFile(op, socket);
    handle.request.address = address;
    handle.request.family = socket.familyNumber();
    return handle;
  }

  private Handle message(Handle handle, MemorySegment[] parts, boolean written) {
    boolean fit = false;
    try {
      if (parts.length == 0 || parts.length > Vectors.PARTS_MAX) {
        throw new IllegalArgumentException(
            "a message of " + parts.length + " parts; it has 1 to " + Vectors.PARTS_MAX);
      }
      long length = 0;
      for (MemorySegment part : parts) {
        checks().memory(part, written);
        length += part.byteSize();
      }
      handle.request.length = checkLength(length);
      handle.request.vectors.set(parts);
      fit = true;
    } finally {
      if (!fit) {
        giveBack(handle);
      }
    }
    return handle;
  }

  private void checkPool(BufferPool pool) {
    if (!pool.bus().equals(this)) {
      throw new IllegalArgumentException("the pool belongs to another bus");
    }
  }

  /// A transfer of one part of memory, in one request.
  private Handle plain(Op op, BusFile socket, MemorySegment memory) {
    int length = checkLength(memory.byteSize());
    Handle handle = onFile(op, socket);
    if (!(socket instanceof RegisteredFile)) {
      handle.bits |= Handle.PLAIN;
    }
    handle.request.buffer = memory;
    handle.request.length = length;
    return handle;
  }

  private static int checkLength(long length) {
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          length + " bytes are more than one request transfers; use sendFully or recvFully");
    }
    return (int) length;
  }

  static int familyNumber(ProtocolFamily family) {
    if (family == StandardProtocolFamily.UNIX) {
      return SocketFamily.UNIX;
    }
    if (family == StandardProtocolFamily.INET) {
      return SocketFamily.INET;
    }
    if (family == StandardProtocolFamily.INET6) {
      return SocketFamily.INET6;
    }
    throw new IllegalArgumentException("family " + family + " is not INET, INET6 or UNIX");
  }
}
