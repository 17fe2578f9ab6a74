package dev.iobus.sim;

import static dev.iobus.sim.SimWaits.WAITS;

import dev.iobus.posix.Errno;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Sends and receives on streams. Confined to the holder of the baton.
final class SimTransfers {

  private final SimOperations operations;
  private final SplittableRandom random;

  SimTransfers(SimOperations operations, SplittableRandom random) {
    this.operations = operations;
    this.random = random;
  }

  /// Tries a transfer, or goes on with one that must be whole.
  int attempt(SimJob job, SimSocket socket) {
    return job.sends() ? send(job, socket) : receive(job, socket);
  }

  private int send(SimJob job, SimSocket socket) {
    while (job.moved < job.request.length) {
      if (socket.hasFailed() || !socket.isConnected() || socket.hasOutputEnded()) {
        return socket.isConnecting() ? WAITS : refusedOutput(job, socket);
      }
      int room = socket.outgoing().room();
      if (room == 0) {
        return WAITS;
      }
      Fault fault = operations.begin(SimOperation.SEND, socket.path(), random);
      int count = Math.min(room, job.request.length - job.moved);
      if (fault != null && fault.kind() == Fault.Kind.ERROR) {
        return fail(job, socket, SimOperation.SEND, fault);
      }
      boolean shortened = isShort(fault, count);
      count = shortened ? 1 + random.nextInt(count - 1) : count;
      job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
      byte[] content = job.content();
      socket.outgoing().write(content, job.moved, count, Fault.delayNanos(fault, random));
      operations.moved(content, job.moved, count);
      operations.end(SimOperation.SEND, socket.path(), job.request.length, job.moved, count);
      job.moved += count;
      if (!goesOn(job, shortened)) {
        break;
      }
    }
    return job.moved;
  }

  private static int refusedOutput(SimJob job, SimSocket socket) {
    if (job.moved > 0) {
      return job.moved;
    }
    int error = socket.takeError();
    if (error < 0) {
      return error;
    }
    return socket.isConnected() ? -Errno.EPIPE : -Errno.ENOTCONN;
  }

  private int receive(SimJob job, SimSocket socket) {
    if (socket.isConnecting()) {
      return WAITS;
    }
    while (job.moved < job.request.length) {
      if (!socket.isConnected() || socket.incoming().arrived() == 0) {
        return withoutInput(job, socket);
      }
      SimPool pool = job.pool;
      if (pool != null && !pool.choose()) {
        return -Errno.ENOBUFS;
      }
      Fault fault = operations.begin(SimOperation.RECV, socket.path(), random);
      if (fault != null && fault.kind() == Fault.Kind.ERROR) {
        return fail(job, socket, SimOperation.RECV, fault);
      }
      int most = pool != null ? pool.room() : job.request.length - job.moved;
      int there = Math.min(most, socket.incoming().arrived());
      boolean shortened = isShort(fault, there);
      job.toldTwice |= fault != null && fault.kind() == Fault.Kind.TOLD_TWICE;
      int count = shortened ? 1 + random.nextInt(there - 1) : there;
      byte[] bytes = new byte[count];
      socket.incoming().read(bytes, 0, count);
      operations.moved(bytes, 0, count);
      operations.end(SimOperation.RECV, socket.path(), most, job.moved, count);
      if (pool != null) {
        job.flags = pool.fill(bytes, 0, count);
        return count;
      }
      job.received(bytes);
      if (!goesOn(job, shortened)) {
        break;
      }
    }
    return job.moved;
  }

  private static int withoutInput(SimJob job, SimSocket socket) {
    boolean ended = !socket.isConnected() || socket.hasFailed() || socket.hasInputEnded();
    if (!ended) {
      return WAITS;
    }
    if (job.moved > 0) {
      return job.moved;
    }
    int error = socket.takeError();
    return error < 0 ? error : socket.isConnected() ? 0 : -Errno.ENOTCONN;
  }

  /// As io_uring has it, a transfer in a chain goes on until it has its full length. Outside of one
  /// it may come short when it is meant to be whole, too, as with kernels before 6.0.
  private static boolean goesOn(SimJob job, boolean shortened) {
    return job.isChainedTransfer() || (job.request.whole && !shortened);
  }

  private static boolean isShort(@Nullable Fault fault, int count) {
    return fault != null && fault.kind() == Fault.Kind.SHORT && count > 1;
  }

  /// An error that is no refusal ends the connection.
  private int fail(SimJob job, SimSocket socket, SimOperation operation, Fault fault) {
    int errno = fault.errno();
    operations.end(operation, socket.path(), job.request.length, job.moved, -errno);
    boolean told = job.moved == 0;
    if (!Faults.isRefusal(errno)) {
      socket.reset();
      if (!told) {
        socket.fail(errno);
      }
    }
    return told ? -errno : job.moved;
  }
}
