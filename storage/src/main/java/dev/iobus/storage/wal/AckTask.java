package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import org.jspecify.annotations.Nullable;

/// Runs callbacks whose wait is over, in the order in which they were acknowledged, and leads for
/// those that wait while no other task does. The state is guarded by the log's lock.
final class AckTask {

  private final Scheduler.Lock lock;
  private final Scheduler.Condition work;

  // Guarded by the lock.
  private @Nullable Waiter head;
  private @Nullable Waiter tail;
  private @Nullable Waiter leader;
  private boolean stopped;
  private Scheduler.@Nullable Task task;

  AckTask(Scheduler.Lock lock) {
    this.lock = lock;
    this.work = lock.newCondition();
  }

  /// Whether a callback runs on that task. Needs the lock.
  boolean isTask(Scheduler.Task other) {
    return other.equals(task);
  }

  /// Ends the wait of a callback. Needs the lock.
  void end(Waiter waiter) {
    waiter.turn = Waiter.Turn.DONE;
    Waiter last = tail;
    if (last == null) {
      head = waiter;
    } else {
      last.nextWoken = waiter;
    }
    tail = waiter;
    work.signal();
  }

  /// Makes a callback's waiter the leader, in whose place this task leads. Needs the lock.
  void lead(Waiter waiter) {
    waiter.turn = Waiter.Turn.LEAD;
    leader = waiter;
    work.signal();
  }

  /// Serves the log until [#stop()], and then what is left. The body of the log's task.
  ///
  /// @throws Error the first that a write ended with, once all callbacks were told of it
  void run(GroupCommit commit, Scheduler.Task self) {
    Error first = null;
    lock.lock();
    try {
      task = self;
      while (true) {
        Waiter ended = head;
        Waiter appointed = leader;
        if (appointed != null) {
          // Before the callbacks: the device works while they run.
          leader = null;
          lock.unlock();
          try {
            commit.lead(appointed);
          } catch (Error e) {
            // The log has failed with it, and the callbacks have yet to hear so.
            first = first == null ? e : first;
          } finally {
            lock.lock();
          }
        } else if (ended != null) {
          head = ended.nextWoken;
          if (head == null) {
            tail = null;
          }
          lock.unlock();
          try {
            tell(ended, commit);
          } finally {
            lock.lock();
          }
        } else if (stopped) {
          break;
        } else {
          work.await();
        }
      }
    } finally {
      lock.unlock();
    }
    if (first != null) {
      throw first;
    }
  }

  private static void tell(Waiter waiter, GroupCommit commit) {
    AckCallback callback = waiter.callback;
    assert callback != null : "a parked task among the callbacks";
    WalFailedException failure = waiter.acknowledged ? null : commit.failure();
    try {
      callback.acknowledged(waiter.lsn, failure);
    } catch (RuntimeException | Error e) {
      System.getLogger(Wal.class.getName())
          .log(System.Logger.Level.ERROR, "a callback for LSN " + waiter.lsn + " failed", e);
    }
  }

  /// Ends [#run] when no callback is left. Needs the lock.
  void stop() {
    stopped = true;
    work.signalAll();
  }
}
