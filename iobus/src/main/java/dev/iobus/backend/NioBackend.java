package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A backend of `java.nio` channels on private worker threads. It works on every host and needs
/// no native access.
///
/// A run of linked requests is one piece of work for one worker, which carries it out in order.
/// Files are resolved when a request is prepared and stay open until it has completed, whatever
/// is closed meanwhile.
///
/// What it cannot do as the kernel does: a lock is that of fcntl(2), so the process loses it when
/// *any* channel on the same file is closed; a file can be lengthened only by writing to it; a
/// DSYNC write is a write and an fdatasync; there is no sync of a range, no advice, and no write
/// that is atomic or past the page cache.
///
/// Threads: as [Backend] says, for both modes.
public final class NioBackend implements Backend {

  private static final int THREADS_MAX = 16;
  private static final AtomicInteger COUNT = new AtomicInteger();

  /// Stands for "some other thread" in the question of whether workers can reach a segment.
  private static final Thread OTHER = Thread.ofPlatform().unstarted(() -> {});

  private final int capacity;
  private final WorkerPool pool;
  private final NioCompletions completions;

  /// All jobs; a request has one from prepare until just before its completion is there.
  private final NioJob[] jobs;

  private final ReentrantLock jobsLock = new ReentrantLock();

  // Guarded by jobsLock.
  private final NioJob[] free;
  private int freeCount;
  private final List<NioFile> registered = new ArrayList<>();

  // Owned by the submitting side.
  private final NioJob[] prepared;
  private int preparedCount;

  private NioBackend(int capacity) {
    this.capacity = capacity;
    int threadsMax = Math.min(capacity, THREADS_MAX);
    pool = new WorkerPool("iobus-nio-" + COUNT.getAndIncrement(), threadsMax, this::runJobs);
    completions = new NioCompletions(capacity);
    jobs = new NioJob[capacity];
    free = new NioJob[capacity];
    prepared = new NioJob[capacity];
    for (int i = 0; i < capacity; i++) {
      jobs[i] = new NioJob();
      free[i] = jobs[i];
    }
    freeCount = capacity;
  }

  /// A backend with worker threads of its own.
  ///
  /// @param capacity requests that may be between prepare and completion at one time, at least 1
  public static NioBackend open(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is not at least 1");
    }
    return new NioBackend(capacity);
  }

  /// Whether worker threads can reach the memory: not when it is confined to one thread.
  public static boolean reaches(MemorySegment memory) {
    return memory.isAccessibleBy(OTHER);
  }

  /// Descriptors of all NIO backends of this process that are open or still in use.
  public static int openFiles() {
    return NioFiles.count();
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int batchMax() {
    return capacity;
  }

  @Override
  public String describe() {
    return "java.nio channels on up to " + Math.min(capacity, THREADS_MAX) + " private threads";
  }

  @Override
  public void prepare(Request request) {
    NioJob job = takeJob();
    job.request = request;
    job.userData = request.userData;
    job.link = request.link;
    job.file = namesFile(request.op) ? NioFiles.retain(request.file, request.fixedFile) : null;
    job.next = null;
    job.nextRun = null;
    request.scratch = null;
    job.state.set(NioJob.QUEUED);
    prepared[preparedCount++] = job;
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT -> true;
      default -> false;
    };
  }

  @Override
  public int room() {
    return capacity - preparedCount;
  }

  /// Cuts what was prepared into runs and queues them for the workers. Lone requests that cannot
  /// block are carried out at once, after everything before them was queued.
  @Override
  public int submit() {
    NioJob first = null;
    NioJob last = null;
    int runs = 0;
    int index = 0;
    while (index < preparedCount) {
      NioJob head = prepared[index++];
      NioJob end = head;
      while (end.link != Link.NONE && index < preparedCount) {
        end.next = prepared[index++];
        end = end.next;
      }
      if (head == end && isInstant(head.request().op)) {
        if (first != null && last != null && !pool.execute(first, last, runs)) {
          return -Errno.ENOMEM;
        }
        first = null;
        last = null;
        runs = 0;
        runJobs(head);
      } else {
        if (last == null) {
          first = head;
        } else {
          last.nextRun = head;
        }
        last = head;
        runs++;
      }
    }
    preparedCount = 0;
    if (first != null && last != null && !pool.execute(first, last, runs)) {
      return -Errno.ENOMEM;
    }
    return 0;
  }

  private static boolean isInstant(Op op) {
    return op == Op.NOP || op == Op.CANCEL;
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    return completions.await(minimum, timeoutNanos, sink);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    int result = submit();
    return result < 0 ? result : await(minimum, timeoutNanos, sink);
  }

  @Override
  public int drain(CompletionSink sink) {
    return completions.drain(sink);
  }

  @Override
  public void wakeup() {
    completions.wakeup();
  }

  /// Returns the descriptor itself. The registration keeps the file open, as the kernel's does.
  @Override
  public int registerFile(int descriptor) {
    NioFile file = NioFiles.retain(descriptor, false);
    if (file == null) {
      return -Errno.EBADF;
    }
    jobsLock.lock();
    try {
      registered.add(file);
    } finally {
      jobsLock.unlock();
    }
    return descriptor;
  }

  @Override
  public void unregisterFile(int slot) {
    NioFile file = NioFiles.retain(slot, true);
    if (file == null) {
      return;
    }
    boolean known;
    jobsLock.lock();
    try {
      known = registered.remove(file);
    } finally {
      jobsLock.unlock();
    }
    if (known) {
      releaseQuietly(file);
    }
    releaseQuietly(file);
  }

  @Override
  public int registerBuffer(MemorySegment memory) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public void unregisterBuffer(int index) {}

  @Override
  public boolean repeats(Request request) {
    return false;
  }

  @Override
  public void closeDescriptor(int descriptor) {
    NioFile file = NioFiles.retain(descriptor, false);
    if (NioFiles.closeDescriptor(descriptor)) {
      releaseQuietly(file);
    }
    releaseQuietly(file);
  }

  @Override
  public int openPool(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public void provide(int pool, int buffer) {
    throw new IllegalStateException("no pool " + pool);
  }

  @Override
  public void closePool(int pool) {}

  @Override
  public @Nullable SocketAddress localAddress(int descriptor) {
    return null;
  }

  @Override
  public @Nullable SocketAddress peerAddress(int descriptor) {
    return null;
  }

  @Override
  public int setOption(int descriptor, SocketOption<?> option, int value) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public int option(int descriptor, SocketOption<?> option) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public int descriptor() {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public void notice() {}

  /// Never: the calling thread could be interrupted, which would close the channel.
  @Override
  public int writeBuffered(int descriptor, MemorySegment buffer, int length, long offset) {
    return -1;
  }

  @Override
  public int writeDurable(int descriptor, MemorySegment buffer, int length, long offset) {
    return NOT_HERE;
  }

  @Override
  public int sync(int descriptor, boolean dataOnly) {
    return NOT_HERE;
  }

  @Override
  public int lock(int descriptor) {
    NioFile file = NioFiles.retain(descriptor, false);
    if (file == null) {
      return -Errno.EBADF;
    }
    try {
      if (file.isLocked()) {
        return 0; // An OFD lock of the same open file is granted again, too.
      }
      FileLock lock = file.channel().tryLock();
      if (lock == null) {
        return -Errno.EAGAIN;
      }
      file.keep(lock);
      return 0;
    } catch (OverlappingFileLockException e) {
      return -Errno.EAGAIN;
    } catch (IOException | RuntimeException e) {
      return NioErrno.negated(e);
    } finally {
      releaseQuietly(file);
    }
  }

  @Override
  public int createDirectory(Path path) {
    try {
      return NioCalls.createDirectory(path);
    } catch (IOException | RuntimeException e) {
      return NioErrno.negated(e);
    }
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        names.add(entry.getFileName().toString());
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    names.sort(null);
    return names;
  }

  @Override
  public Path realPath(Path path) throws IOException {
    return path.toRealPath();
  }

  @Override
  public void close(boolean abandon) {
    pool.stop();
    if (!abandon) {
      pool.join();
    }
    List<NioFile> files;
    jobsLock.lock();
    try {
      files = List.copyOf(registered);
      registered.clear();
    } finally {
      jobsLock.unlock();
    }
    files.forEach(NioBackend::releaseQuietly);
  }

  /// Carries out a run in order. A failed or short member of a chain cancels what is chained to
  /// it, and what is chained to that.
  private void runJobs(NioJob first) {
    NioJob job = first;
    boolean cut = false;
    while (job != null) {
      NioJob next = job.next;
      Link link = job.link;
      Request request = job.request();
      boolean mine = job.state.compareAndSet(NioJob.QUEUED, NioJob.RUNNING);
      boolean transfers = request.op == Op.READ || request.op == Op.WRITE;
      int length = request.length;
      int result = mine && !cut ? run(job, request) : -Errno.ECANCELED;
      finish(job, result);
      cut = link == Link.CHAIN && (result < 0 || (transfers && result < length));
      job = next;
    }
  }

  private int run(NioJob job, Request request) {
    return request.op == Op.CANCEL ? cancel(request.offset) : NioCalls.call(request, job.file);
  }

  /// Frees the job, then completes its request: the owner may prepare the next one at once.
  private void finish(NioJob job, int result) {
    long userData = job.userData;
    NioFile file = job.file;
    job.file = null;
    job.request = null;
    job.next = null;
    if (file != null) {
      releaseQuietly(file);
    }
    jobsLock.lock();
    try {
      job.state.set(NioJob.FREE);
      free[freeCount++] = job;
    } finally {
      jobsLock.unlock();
    }
    completions.add(userData, result);
  }

  private NioJob takeJob() {
    jobsLock.lock();
    try {
      if (freeCount == 0) {
        throw new AssertionError("more than " + capacity + " requests in flight");
      }
      return free[--freeCount];
    } finally {
      jobsLock.unlock();
    }
  }

  /// As IORING_OP_ASYNC_CANCEL: 0 if the target will complete as cancelled, −EALREADY if it runs,
  /// −ENOENT if it has ended or never was. A job is not used again while the lock is held, so the
  /// one that was found is the one that is cancelled.
  private int cancel(long target) {
    jobsLock.lock();
    try {
      for (NioJob job : jobs) {
        int state = job.state.get();
        if (state != NioJob.FREE && job.userData == target) {
          boolean cancelled = job.state.compareAndSet(NioJob.QUEUED, NioJob.CANCELLED);
          return cancelled || state == NioJob.CANCELLED ? 0 : -Errno.EALREADY;
        }
      }
      return -Errno.ENOENT;
    } finally {
      jobsLock.unlock();
    }
  }

  /// The last reference closes the channel. An error of that close has nobody to go to: the bytes
  /// that were promised as durable were synced before.
  private static void releaseQuietly(@Nullable NioFile file) {
    if (file == null) {
      return;
    }
    try {
      NioFiles.release(file);
    } catch (IOException e) {
      System.getLogger("dev.iobus")
          .log(System.Logger.Level.WARNING, "closing " + file.path() + " failed", e);
    }
  }
}
