package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// The runs of the kqueue backend. Thread-safe.
final class KqueueRuns extends JobRuns<KqueueJob> {

  private final KqueueWaits waits;

  /// @param arena holds memory for calls, until workers and waits have ended
  KqueueRuns(
      Arena arena,
      Kqueue queue,
      KqueueCompletions completions,
      String name,
      int capacity,
      int threadsMax) {
    super(newJobs(arena, capacity), completions::add, name, threadsMax);
    waits =
        new KqueueWaits(
            queue, completions, new PosixSockets(arena), capacity, this::ended);
  }

  private static KqueueJob[] newJobs(Arena arena, int count) {
    KqueueJob[] jobs = new KqueueJob[count];
    for (int i = 0; i < count; i++) {
      jobs[i] = new KqueueJob(Libc.newErrnoCapture(arena));
    }
    return jobs;
  }

  @Override
  KqueueWaits waits() {
    return waits;
  }

  /// A job for the request, whose descriptor stays open until the job has ended.
  ///
  /// @param buffers the pool that it receives into
  KqueueJob prepare(Request request, @Nullable ProvidedBuffers buffers) {
    KqueueJob job = take(request);
    job.buffers = buffers;
    job.usesFile = namesFile(request.op) && Descriptors.retain(request.file);
    return job;
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT, CONNECT,
          BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, SHUTDOWN, POLL ->
          true;
      default -> false;
    };
  }

  @Override
  boolean blocks(KqueueJob job) {
    Request request = job.request();
    return switch (request.op) {
      case READ, WRITE, CLOSE -> !Descriptors.isNonBlocking(request.file);
      case FSYNC, FDATASYNC, SYNC_RANGE, OPEN, TRUNCATE, ALLOCATE, ADVISE, RENAME, UNLINK, LINK,
          CREATE_DIRECTORY, STAT ->
          true;
      default -> false;
    };
  }

  @Override
  int callBlocking(KqueueJob job) {
    Request request = job.request();
    if (namesFile(request.op) && !job.usesFile) {
      return -Errno.EBADF;
    }
    int result = PosixFiles.call(request, job.errno);
    boolean moves = request.op == Op.READ || request.op == Op.WRITE;
    return moves && result == -Errno.ESPIPE ? startOnStream(job) : result;
  }

  /// The first transfer of a descriptor that has no offsets: a pipe, or a terminal.
  private int startOnStream(KqueueJob job) {
    int descriptor = job.request().file;
    int refused = PosixTransfers.makeNonBlocking(job.errno, descriptor);
    if (refused < 0) {
      return refused;
    }
    Descriptors.markNonBlocking(descriptor);
    return waits.start(job);
  }

  @Override
  boolean mayWait(KqueueJob job) {
    return switch (job.request().op) {
      case TIMEOUT -> true;
      case READ, WRITE, CONNECT, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, POLL ->
          job.usesFile;
      default -> false;
    };
  }

  @Override
  int callAtOnce(KqueueJob job) {
    Request request = job.request();
    if (namesFile(request.op) && !job.usesFile) {
      return -Errno.EBADF;
    }
    return request.op == Op.CLOSE
        ? Descriptors.close(request.file)
        : PosixSockets.call(request, job.errno);
  }

  @Override
  void release(KqueueJob job) {
    if (job.usesFile) {
      job.usesFile = false;
      Descriptors.release(job.request().file);
    }
  }
}
