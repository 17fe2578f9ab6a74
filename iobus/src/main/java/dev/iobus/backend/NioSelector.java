package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What waits on the NIO backend, at a `Selector`, served by one thread that the first that has to
/// wait starts.
///
/// The order of locks: the lock of [JobWaits], a socket's monitor, the gate of [NioPoller].
/// Thread-safe.
final class NioSelector extends JobWaits<NioJob, NioWaits> {

  private final String name;

  /// Sockets that have got another channel.
  private final Queue<NioSocket> changed = new ConcurrentLinkedQueue<>();

  // Changed under the lock.
  private final NioSocketCalls calls = new NioSocketCalls();
  private final Map<NioSocket, NioWaits> sockets = new HashMap<>();
  private volatile @Nullable NioPoller poller;
  private @Nullable Thread thread;
  private boolean stopping;

  /// @param resume carries the run of a job on that has ended with [Job#result]
  NioSelector(String name, int capacity, Consumer<NioJob> resume) {
    super(new NioJob[capacity], resume);
    this.name = name;
  }

  @Override
  int attempt(NioJob job, @Nullable NioWaits waits, boolean ready) {
    if (!(job.file instanceof NioSocket socket)) {
      throw new AssertionError("only sockets are waited for");
    }
    if (job.request().op != Op.POLL) {
      return calls.attempt(job, socket, ready);
    }
    int mask = job.request().mask;
    if (waits != null && ready) {
      int told = waits.told(mask);
      return told != 0 ? told : WAITS;
    }
    if (socket.isIdle()) {
      return PollBits.HANGUP | (mask & PollBits.WRITABLE);
    }
    boolean known = (mask & (PollBits.READABLE | PollBits.WRITABLE)) != 0;
    return known ? WAITS : -Errno.EOPNOTSUPP;
  }

  @Override
  @Nullable NioWaits queues(NioJob job) {
    return job.file instanceof NioSocket socket ? sockets.get(socket) : null;
  }

  @Override
  NioWaits newQueues(NioJob job) {
    if (!(job.file instanceof NioSocket socket)) {
      throw new AssertionError("only sockets are waited for");
    }
    NioWaits waits = new NioWaits(socket);
    sockets.put(socket, waits);
    socket.joined(this);
    return waits;
  }

  /// Looks at a socket again that has got another channel. From any thread, with any lock.
  void recheck(NioSocket socket) {
    changed.add(socket);
    NioPoller present = poller;
    if (present != null) {
      present.wakeup();
    }
  }

  /// Forgets a socket that is closed; nothing waits for it, as what waits refers to it.
  void forget(NioSocket socket) {
    lock.lock();
    try {
      sockets.remove(socket);
    } finally {
      lock.unlock();
    }
  }

  /// Has it let go of a channel that nothing waits for, at the next [#flush()]. Returns whether it knew it.
  boolean cancel(SelectableChannel channel) {
    NioPoller present = poller;
    return present != null && present.cancel(channel);
  }

  /// Lets go of cancelled and of closed channels: a descriptor is not closed while a selector knows it.
  void flush() {
    NioPoller present = poller;
    if (present != null) {
      present.flush();
    }
  }

  /// Ends the thread, and lets go of all that waits, without completions.
  void close() {
    Thread ending;
    lock.lock();
    try {
      stopping = true;
      ending = thread;
      NioPoller present = poller;
      if (present != null) {
        present.wakeup();
      }
    } finally {
      lock.unlock();
    }
    if (ending != null) {
      WorkerPool.join(List.of(ending));
    }
    List<NioDescription> left = new ArrayList<>();
    lock.lock();
    try {
      for (NioWaits waits : sockets.values()) {
        waits.socket.left(this);
        for (Queue<NioJob> queue : List.of(waits.reads, waits.writes, waits.polls)) {
          queue.forEach(job -> left.add(waits.socket));
        }
      }
      sockets.clear();
    } finally {
      lock.unlock();
    }
    left.forEach(NioFiles::releaseQuietly);
  }

  /// Opens the selector and starts its thread, once.
  @Override
  int open() {
    if (thread != null || stopping) {
      return stopping ? -Errno.ECANCELED : 0;
    }
    try {
      NioPoller opened = new NioPoller();
      Thread started =
          Thread.ofPlatform()
              .name(name)
              .daemon()
              .inheritInheritableThreadLocals(false)
              .unstarted(() -> run(opened));
      poller = opened;
      thread = started;
      started.start();
      return 0;
    } catch (IOException | OutOfMemoryError e) {
      closePoller();
      return NioErrno.negated(e);
    }
  }

  private void closePoller() {
    NioPoller present = poller;
    poller = null;
    thread = null;
    if (present != null) {
      present.close();
    }
  }

  @Override
  void interruptSleep() {
    NioPoller present = poller;
    if (present != null) {
      present.wakeup();
    }
  }

  @Override
  void watch(NioWaits waits) {
    NioPoller present = poller;
    if (present == null) {
      return;
    }
    try {
      waits.watch(present.selector());
    } catch (ClosedChannelException | RuntimeException e) {
      endAll(waits, NioErrno.negated(e));
    }
    wake();
  }

  private void run(NioPoller mine) {
    boolean goesOn = true;
    while (goesOn) {
      IOException failure = mine.await(millisToSleep());
      NioJob first;
      lock.lock();
      try {
        endSleep();
        if (failure != null) {
          failAll(NioErrno.negated(failure));
        }
        serve(mine.found());
        first = takeEnded();
        goesOn = failure == null && !stopping;
        if (!goesOn) {
          closePoller();
        }
      } finally {
        lock.unlock();
      }
      resume(first);
    }
  }

  /// Returns how long to wait in milliseconds: 0 for ever, negative not at all.
  private long millisToSleep() {
    lock.lock();
    try {
      long nanos = beginSleep();
      if (stopping || !changed.isEmpty() || nanos == 0) {
        return -1;
      }
      // Rounded up: not too early.
      return nanos == Long.MAX_VALUE ? 0 : (nanos - 1) / 1_000_000 + 1;
    } finally {
      lock.unlock();
    }
  }

  private void serve(List<NioWaits> found) {
    for (NioWaits waits : found) {
      serve(waits);
    }
    found.clear();
    for (NioSocket socket = changed.poll(); socket != null; socket = changed.poll()) {
      NioWaits waits = sockets.get(socket);
      if (waits != null) {
        waits.ready = -1;
        serve(waits);
      }
    }
    expire();
  }

  private void serve(NioWaits waits) {
    // What was received before the connect ended has been tried in vain.
    serve(waits, waits.isReadable() || waits.socket.isPending(), waits.isWritable());
  }

  private void failAll(int result) {
    sockets.values().forEach(waits -> endAll(waits, result));
    endTimers(result);
  }
}
