package dev.iobus.sim;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import dev.iobus.backend.WaitQueues;
import java.util.List;
import java.util.Queue;

/// What waits on the simulated host until a socket or a bus is ready. Whoever changes one says so; a
/// little later those who wait for it are tried again.
///
/// Invariants.
/// 1. A job waits exactly while it stands in a queue of its description.
/// 2. No job overtakes another of the same queue.
///
/// Confined to the holder of the baton.
final class SimWaits {

  /// The answer for a job that has to wait. No error number.
  static final int WAITS = Integer.MIN_VALUE;

  private final Baton baton;
  private final SimSocketCalls calls;

  SimWaits(Baton baton, SimSocketCalls calls) {
    this.baton = baton;
    this.calls = calls;
  }

  /// Whether operations of this kind may have to wait.
  private static boolean mayWait(Op op) {
    return switch (op) {
      case CONNECT, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, READ, WRITE, POLL -> true;
      default -> false;
    };
  }

  /// Carries a job of the network out. Returns its result, or [#WAITS] when it stands in line.
  int start(SimJob job) {
    SimDescription file = job.file;
    if (file == null || !mayWait(job.op)) {
      return calls.attempt(job);
    }
    WaitQueues<SimJob> waits = file.waits;
    int result = waits.isWaitedFor(job.op) ? WAITS : goOn(job);
    if (result != WAITS) {
      return result;
    }
    if (job.mayNotWait) {
      return job.whatWasMoved();
    }
    job.waits = true;
    waits.of(job.op).add(job);
    return WAITS;
  }

  /// Tries a job, and tells all results of one that has many but the last.
  private int goOn(SimJob job) {
    int result = calls.attempt(job);
    while (result != WAITS && goesOnAfter(job, result)) {
      job.ring.tell(job.userData, result, job.flags | CompletionFlags.MORE);
      job.flags = 0;
      // A poll is told again when something has changed.
      result = job.op == Op.POLL ? WAITS : calls.attempt(job);
    }
    return result;
  }

  /// As the kernel ends what has many results where the completion queue is full.
  private static boolean goesOnAfter(SimJob job, int result) {
    boolean ended = result < 0 || (result == 0 && job.op == Op.RECV);
    return job.request.multishot && !ended && !job.ring.isFull();
  }

  /// Takes a job out that waits.
  void withdraw(SimJob job) {
    SimDescription file = job.file;
    assert file != null : "nothing to wait for";
    job.waits = false;
    file.waits.remove(job);
  }

  /// What this is ready for may have become more.
  void changed(SimDescription description) {
    if (!description.isServedSoon && !description.waits.isEmpty()) {
      description.isServedSoon = true;
      baton.at(baton.nowNanos() + 1 + baton.random().nextInt(1000), () -> serve(description));
    }
  }

  private void serve(SimDescription description) {
    description.isServedSoon = false;
    description.retain(); // The last job that ends may be the last that refers to it.
    for (SimJob poll : List.copyOf(description.waits.polls)) {
      int told = poll.waits ? goOn(poll) : WAITS;
      if (told != WAITS) {
        withdraw(poll);
        poll.ring.ended(poll, told);
      }
    }
    serve(description.waits.writes);
    serve(description.waits.reads);
    description.release();
  }

  private void serve(Queue<SimJob> queue) {
    for (SimJob job = queue.peek(); job != null; job = queue.peek()) {
      int result = goOn(job);
      if (result == WAITS) {
        return;
      }
      withdraw(job);
      job.ring.ended(job, result);
    }
  }
}
