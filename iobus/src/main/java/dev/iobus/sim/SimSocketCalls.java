package dev.iobus.sim;

import static dev.iobus.sim.SimWaits.WAITS;

import dev.iobus.backend.Op;
import dev.iobus.backend.PollBits;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// The calls behind each [Op] on sockets, and polls. None blocks; results are those of Linux, or
/// [SimWaits#WAITS].
///
/// A fault strikes a call when it can be carried out, and each result of one that has many.
///
/// Confined to the holder of the baton.
final class SimSocketCalls {

  private final SimNetwork network;
  private final SimDescriptors descriptors;
  private final SimOperations operations;
  private final SplittableRandom random;
  private final SimTransfers transfers;
  private final SimMessages messages;

  SimSocketCalls(
      SimNetwork network,
      SimDescriptors descriptors,
      SimOperations operations,
      SplittableRandom random) {
    this.network = network;
    this.descriptors = descriptors;
    this.operations = operations;
    this.random = random;
    transfers = new SimTransfers(operations, random);
    messages = new SimMessages(network, operations, random);
  }

  /// Whether a job is one for this class.
  static boolean concerns(SimJob job) {
    return switch (job.op) {
      case SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, SHUTDOWN,
          POLL ->
          true;
      case READ, WRITE -> job.file instanceof SimSocket;
      default -> false;
    };
  }

  /// Tries an operation, or goes on with it.
  int attempt(SimJob job) {
    try {
      if (job.op == Op.SOCKET) {
        return strikes(job, SimOperation.SOCKET, Path.of("unnamed"), () -> socket(job.request));
      }
      SimDescription file = job.file;
      if (file == null) {
        return -Errno.EBADF;
      }
      if (job.op == Op.POLL) {
        return poll(job.request.mask, file);
      }
      if (!(file instanceof SimSocket socket)) {
        return -Errno.number("ENOTSOCK");
      }
      return attempt(job, socket);
    } catch (SimErrno e) {
      return e.negated();
    }
  }

  private int attempt(SimJob job, SimSocket socket) throws SimErrno {
    Request request = job.request;
    return switch (job.op) {
      case BIND ->
          strikes(
              job,
              SimOperation.BIND,
              socket.path(),
              () -> {
                socket.bind(address(request));
                return 0;
              });
      case LISTEN ->
          strikes(job, SimOperation.LISTEN, socket.path(), () -> listen(request, socket));
      case SHUTDOWN ->
          strikes(
              job,
              SimOperation.SHUTDOWN,
              socket.path(),
              () -> {
                socket.shutdown(request.mask != 1, request.mask != 0);
                return 0;
              });
      case CONNECT -> connect(job, socket);
      case ACCEPT -> accept(job, socket);
      default ->
          socket.isDatagram() ? messages.attempt(job, socket) : transfers.attempt(job, socket);
    };
  }

  /// What is done where nothing strikes.
  @FunctionalInterface
  private interface Call {
    int run() throws SimErrno;
  }

  private int strikes(SimJob job, SimOperation operation, Path path, Call call)
      throws SimErrno {
    Fault fault = operations.begin(operation, path, random);
    int result;
    if (fault != null && fault.kind() == Fault.Kind.ERROR) {
      result = -fault.errno();
    } else {
      job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
      try {
        result = call.run();
      } catch (SimErrno e) {
        result = e.negated();
      }
    }
    operations.end(operation, path, 0, 0, result);
    return result;
  }

  private int socket(Request request) {
    return descriptors.add(new SimSocket(network, request.family, request.datagram));
  }

  private static int listen(Request request, SimSocket socket) throws SimErrno {
    if (socket.isDatagram()) {
      throw new SimErrno(Errno.EOPNOTSUPP);
    }
    socket.listen(request.length);
    return 0;
  }

  private static SocketAddress address(Request request) {
    return Objects.requireNonNull(request.address, "the request has no address");
  }

  private int connect(SimJob job, SimSocket socket) throws SimErrno {
    if (job.begun) {
      if (socket.isConnecting()) {
        return WAITS;
      }
      int result = socket.isConnected() ? 0 : socket.takeError();
      operations.end(SimOperation.CONNECT, socket.path(), 0, 0, result);
      return result;
    }
    SocketAddress to = SimAddresses.target(address(job.request));
    if (!socket.isDatagram() && !socket.isIdle()) {
      throw new SimErrno(socket.isConnecting() ? Errno.EALREADY : Errno.EISCONN);
    }
    Fault fault = operations.begin(SimOperation.CONNECT, SimSocket.pathOf(to), random);
    if (fault != null && fault.kind() == Fault.Kind.ERROR) {
      operations.end(SimOperation.CONNECT, SimSocket.pathOf(to), 0, 0, -fault.errno());
      throw new SimErrno(fault.errno());
    }
    job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
    if (socket.isDatagram()) {
      socket.connectDatagrams(to);
      return 0;
    }
    socket.connect(to, Fault.delayNanos(fault, random));
    job.begun = true;
    return WAITS;
  }

  private int accept(SimJob job, SimSocket socket) throws SimErrno {
    if (!socket.isListening()) {
      throw new SimErrno(Errno.EINVAL);
    }
    if (!socket.listener().hasConnections()) {
      return WAITS;
    }
    return strikes(job, SimOperation.ACCEPT, socket.path(), () -> take(job.request, socket));
  }

  /// Where no descriptor is free, the connection goes on to wait.
  private int take(Request request, SimSocket socket) throws SimErrno {
    if (!descriptors.hasRoom()) {
      throw new SimErrno(Errno.EMFILE);
    }
    SimSocket accepted = socket.listener().accept();
    assert accepted != null : "somebody else has accepted it";
    request.address = accepted.peer();
    return descriptors.add(accepted);
  }

  /// As poll(2): what is asked for, and what is told at any rate.
  private static int poll(int mask, SimDescription file) {
    int told = file.readiness() & (mask | PollBits.ERROR | PollBits.HANGUP);
    boolean never = told == 0 && file instanceof SimOpenFile;
    return never ? -Errno.EOPNOTSUPP : told == 0 ? WAITS : told;
  }
}
