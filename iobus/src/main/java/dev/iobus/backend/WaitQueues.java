package dev.iobus.backend;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;

/// What waits for one socket or other stream: receives and accepts in order, sends and connects in
/// order, and polls beside both.
///
/// Guarded by the lock of [JobWaits]; on a simulated host confined to who runs.
public class WaitQueues<J extends Waiting> {

  /// Receives and accepts, and reads of what is no regular file.
  public final Queue<J> reads = new ArrayDeque<>(2);

  /// Sends and connects, and such writes.
  public final Queue<J> writes = new ArrayDeque<>(2);

  /// Polls, each for itself.
  public final Queue<J> polls = new ArrayDeque<>(1);

  /// Nobody waits.
  public WaitQueues() {}

  /// The queue that a job of this operation has its place in.
  public final Queue<J> of(Op op) {
    return switch (op) {
      case RECV, RECV_MESSAGE, READ, ACCEPT -> reads;
      case SEND, SEND_MESSAGE, WRITE, CONNECT -> writes;
      case POLL -> polls;
      default -> throw new AssertionError(op);
    };
  }

  /// Whether a newcomer has to get in line. Polls have none.
  public final boolean isWaitedFor(Op op) {
    return op != Op.POLL && !of(op).isEmpty();
  }

  /// Whether nobody waits.
  public final boolean isEmpty() {
    return reads.isEmpty() && writes.isEmpty() && polls.isEmpty();
  }

  /// Takes a job out. Returns whether it was there.
  public final boolean remove(J job) {
    return of(job.request().op).remove(job);
  }

  /// Whether somebody waits for input.
  final boolean wantsInput() {
    return !reads.isEmpty() || isPolledFor(PollBits.READABLE);
  }

  /// Whether somebody waits to write or to be connected.
  final boolean wantsOutput() {
    return !writes.isEmpty() || isPolledFor(PollBits.WRITABLE);
  }

  private boolean isPolledFor(int bit) {
    if (!polls.isEmpty()) {
      for (Iterator<J> all = polls.iterator(); all.hasNext(); ) {
        if ((all.next().request().mask & bit) != 0) {
          return true;
        }
      }
    }
    return false;
  }
}
