package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;

/// The runs of the kqueue backend. Thread-safe.
final class KqueueRuns extends JobRuns<KqueueJob> {

  private final KqueueWaits waits;

  /// @param arena holds memory for the calls of workers, until they have ended
  KqueueRuns(
      Arena arena,
      Kqueue queue,
      KqueueCompletions completions,
      String name,
      int capacity,
      int threadsMax) {
    super(newJobs(arena, capacity), completions::add, name, threadsMax);
    waits = new KqueueWaits(queue, completions, capacity, this::ended);
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
  KqueueJob prepare(Request request) {
    KqueueJob job = take(request);
    job.usesFile = namesFile(request.op) && Descriptors.retain(request.file);
    return job;
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT -> true;
      default -> false;
    };
  }

  /// Streams do not block.
  @Override
  boolean blocks(KqueueJob job) {
    Request request = job.request();
    return switch (request.op) {
      case READ, WRITE, CLOSE -> !Descriptors.isStream(request.file);
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
    Descriptors.markStream(descriptor);
    return waits.start(job);
  }

  @Override
  boolean mayWait(KqueueJob job) {
    return switch (job.request().op) {
      case TIMEOUT -> true;
      case READ, WRITE -> job.usesFile;
      default -> false;
    };
  }

  @Override
  int callAtOnce(KqueueJob job) {
    Request request = job.request();
    return switch (request.op) {
      case CLOSE -> Descriptors.close(request.file);
      case READ, WRITE -> -Errno.EBADF;
      default -> -Errno.EOPNOTSUPP;
    };
  }

  @Override
  void release(KqueueJob job) {
    if (job.usesFile) {
      job.usesFile = false;
      Descriptors.release(job.request().file);
    }
  }
}
