package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// The runs of the kqueue backend. Thread-safe.
final class KqueueRuns extends JobRuns<KqueueJob> {

  private final KqueueWaits waits;
  private final FileSlots slots;

  /// @param arena holds memory for calls, until workers and waits have ended
  KqueueRuns(
      Arena arena,
      Kqueue queue,
      KqueueCompletions completions,
      FileSlots slots,
      String name,
      int capacity,
      int threadsMax) {
    super(newJobs(arena, capacity), completions::add, name, threadsMax);
    this.slots = slots;
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
  /// @param behind whether another of its run was prepared before it
  KqueueJob prepare(Request request, @Nullable ProvidedBuffers buffers, boolean behind) {
    KqueueJob job = take(request);
    job.buffers = buffers;
    job.descriptor = -1;
    job.usesFile = false;
    job.resolvesLate = behind && FileSlots.isSlot(request.file) && namesFile(request.op);
    if (namesFile(request.op) && !job.resolvesLate) {
      lookUp(job, request.file);
    }
    return job;
  }

  private void lookUp(KqueueJob job, int number) {
    if (FileSlots.isSlot(number)) {
      job.descriptor = slots.retain(number);
      job.usesFile = job.descriptor >= 0;
    } else {
      job.descriptor = number;
      job.usesFile = Descriptors.retain(number);
    }
  }

  @Override
  void resolve(KqueueJob job) {
    if (job.resolvesLate) {
      job.resolvesLate = false;
      lookUp(job, job.request().file);
    }
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
      case READ, WRITE -> !Descriptors.isNonBlocking(job.descriptor);
      case CLOSE ->
          FileSlots.isSlot(request.file) || !Descriptors.isNonBlocking(request.file);
      case FSYNC, FDATASYNC, SYNC_RANGE, OPEN, OPEN_REGISTERED, TRUNCATE, ALLOCATE, ADVISE,
          RENAME, UNLINK, LINK, CREATE_DIRECTORY, STAT ->
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
    if (request.op == Op.CLOSE) {
      return FileSlots.isSlot(request.file)
          ? slots.close(request.file)
          : Descriptors.close(request.file);
    }
    int result = PosixFiles.call(request, job.descriptor, job.errno);
    if (request.op == Op.OPEN_REGISTERED) {
      return result < 0 ? result : slots.open(request.file, result);
    }
    boolean moves = request.op == Op.READ || request.op == Op.WRITE;
    return moves && result == -Errno.ESPIPE ? startOnStream(job) : result;
  }

  /// The first transfer of a descriptor that has no offsets: a pipe, or a terminal.
  private int startOnStream(KqueueJob job) {
    int descriptor = job.descriptor;
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
      Descriptors.release(job.descriptor);
    }
  }
}
