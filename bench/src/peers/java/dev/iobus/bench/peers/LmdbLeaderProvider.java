package dev.iobus.bench.peers;

import dev.iobus.bench.subject.Change;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// LMDB behind a group commit, as somebody would write it who has many durable writers: one of the
/// threads that wait puts the changes of all into one transaction. The fair rival for such rows;
/// takes part in durable rows only.
public final class LmdbLeaderProvider implements SubjectProvider {

  @Override
  public String name() {
    return "lmdb-leader";
  }

  @Override
  public String describe(SubjectSettings settings) {
    return "lmdb, with a group commit of its users in front";
  }

  @Override
  public Set<Sync> levels() {
    return EnumSet.of(Sync.SYNCED);
  }

  @Override
  public List<String> jvmOptions() {
    return LmdbProvider.JVM_OPTIONS;
  }

  @Override
  public Subject open(Path directory, SubjectSettings settings) throws IOException {
    return new Leader(new LmdbEnvironment(directory, settings));
  }

  /// One caller's changes, waiting for a leader.
  private static final class Request {

    private final List<Change> changes;
    private final Thread caller = Thread.currentThread();
    private volatile boolean done;
    private volatile @Nullable IOException failure;

    private Request(List<Change> changes) {
      this.changes = changes;
    }
  }

  private static final class Leader implements Subject {

    private final LmdbEnvironment environment;
    private final Queue<Request> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean leading = new AtomicBoolean();

    private Leader(LmdbEnvironment environment) {
      this.environment = environment;
    }

    @Override
    public void write(List<Change> changes, Sync sync) throws IOException {
      Request request = new Request(changes);
      queue.add(request);
      while (!request.done) {
        if (leading.compareAndSet(false, true)) {
          try {
            commitQueued(sync);
          } finally {
            leading.set(false);
            // Whoever came after the queue was emptied and found a leader waits to be one.
            Request next = queue.peek();
            if (next != null) {
              LockSupport.unpark(next.caller);
            }
          }
        } else {
          LockSupport.park(this);
        }
      }
      IOException failure = request.failure;
      if (failure != null) {
        throw failure;
      }
    }

    private void commitQueued(Sync sync) {
      List<Request> group = new ArrayList<>();
      List<Change> changes = new ArrayList<>();
      for (Request next = queue.poll(); next != null; next = queue.poll()) {
        group.add(next);
        changes.addAll(next.changes);
      }
      IOException failure = null;
      try {
        environment.write(changes, sync);
      } catch (IOException e) {
        failure = e;
      }
      for (Request ended : group) {
        ended.failure = failure;
        ended.done = true;
        LockSupport.unpark(ended.caller);
      }
    }

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      write(List.of(new Change(key, value)), sync);
    }

    @Override
    public void delete(byte[] key, Sync sync) throws IOException {
      write(List.of(new Change(key, null)), sync);
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
      return environment.get(key);
    }

    @Override
    public List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException {
      return environment.multiGet(keys);
    }

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      return environment.scan(from, direction, limit, visitor);
    }

    @Override
    public void compact() throws IOException {
      environment.compact();
    }

    @Override
    public double stallNanos() {
      return Double.NaN;
    }

    @Override
    public String detail() {
      return "";
    }

    @Override
    public void close() {
      environment.close();
    }
  }
}
