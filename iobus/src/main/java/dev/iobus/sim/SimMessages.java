package dev.iobus.sim;

import static dev.iobus.sim.SimWaits.WAITS;

import dev.iobus.backend.Op;
import dev.iobus.backend.SocketFamily;
import dev.iobus.posix.Errno;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Sends and receives of datagrams. Those to a port may be lost where the receiver has no room or is
/// gone; those to a name wait for room.
///
/// Confined to the holder of the baton.
final class SimMessages {

  /// The longest of UDP over IPv4, less its headers.
  private static final int BYTES_MAX = 65_507;

  private final SimNetwork network;
  private final SimOperations operations;
  private final SplittableRandom random;

  SimMessages(SimNetwork network, SimOperations operations, SplittableRandom random) {
    this.network = network;
    this.operations = operations;
    this.random = random;
  }

  int attempt(SimJob job, SimSocket socket) throws SimErrno {
    return job.sends() ? send(job, socket) : receive(job, socket);
  }

  private int send(SimJob job, SimSocket socket) throws SimErrno {
    int error = socket.takeError();
    if (error < 0) {
      return error;
    }
    if (socket.hasOutputEnded()) {
      throw new SimErrno(Errno.EPIPE);
    }
    SocketAddress named = job.op == Op.SEND_MESSAGE ? job.request.address : null;
    SocketAddress to = named != null ? SimAddresses.target(named) : socket.peer();
    if (to == null) {
      throw new SimErrno(Errno.EDESTADDRREQ);
    }
    int length = job.request.length;
    if (length > BYTES_MAX) {
      throw new SimErrno(Errno.EMSGSIZE);
    }
    boolean byName = socket.family() == SocketFamily.UNIX;
    SimSocket target = network.addresses().find(to, true);
    if (byName && target == null) {
      throw new SimErrno(Errno.ECONNREFUSED);
    }
    if (byName && target != null && target.mailbox().isFull()) {
      target.mailbox().tellWhenThereIsRoom(socket);
      return WAITS;
    }
    socket.bindToReach(to);
    Fault fault = operations.begin(SimOperation.SEND_DATAGRAM, socket.path(), random);
    boolean fails = fault != null && fault.kind() == Fault.Kind.ERROR;
    int result = fails && fault != null ? -fault.errno() : length;
    operations.moved(job.content(), 0, length);
    operations.end(SimOperation.SEND_DATAGRAM, socket.path(), length, 0, result);
    job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
    boolean lost = fault != null && fault.kind() == Fault.Kind.LOST;
    if (!fails && !lost) {
      deliver(job, socket, target, Fault.delayNanos(fault, random));
    }
    return result;
  }

  private void deliver(
      SimJob job, SimSocket socket, @Nullable SimSocket target, long delayNanos) {
    long usual = network.arrivalNanos(socket.family(), 0);
    if (target == null) {
      // A host tells a connected socket that nobody was there.
      network.at(usual, () -> tellUnreached(socket));
      return;
    }
    SimMailbox mailbox = target.mailbox();
    if (mailbox.isFull()) {
      return;
    }
    mailbox.expect();
    SimMailbox.Message message = new SimMailbox.Message(job.content().clone(), socket.local());
    network.at(
        mailbox.arrivalNanos(usual, delayNanos),
        () -> {
          mailbox.arrived();
          if (target.isWantedFrom(message.sender())) {
            mailbox.add(message);
            network.changed(target);
          }
        });
  }

  private static void tellUnreached(SimSocket socket) {
    if (socket.peer() != null) {
      socket.fail(Errno.ECONNREFUSED);
    }
  }

  private int receive(SimJob job, SimSocket socket) {
    int error = socket.takeError();
    if (error < 0) {
      return error;
    }
    if (socket.mailbox().isEmpty()) {
      return socket.hasInputEnded() ? 0 : WAITS;
    }
    SimPool pool = job.pool;
    if (pool != null && !pool.choose()) {
      return -Errno.ENOBUFS;
    }
    Fault fault = operations.begin(SimOperation.RECV_DATAGRAM, socket.path(), random);
    if (fault != null && fault.kind() == Fault.Kind.ERROR) {
      operations.end(SimOperation.RECV_DATAGRAM, socket.path(), 0, 0, -fault.errno());
      return -fault.errno();
    }
    job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
    SimMailbox.Message message = socket.mailbox().take();
    byte[] bytes = message.bytes();
    int most = pool != null ? pool.room() : job.request.length;
    int count = Math.min(most, bytes.length);
    if (pool == null) {
      job.received(count == bytes.length ? bytes : Arrays.copyOf(bytes, count));
      job.request.address = message.sender();
      job.request.truncated = count < bytes.length;
    } else if (count > 0) {
      job.flags = pool.fill(bytes, 0, count);
    }
    operations.moved(bytes, 0, count);
    operations.end(SimOperation.RECV_DATAGRAM, socket.path(), most, 0, count);
    return count;
  }
}
