package dev.iobus.sim;

import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.SimulatedBackend;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A ring of the simulated host. Requests that are not linked end in any order.
///
/// Confined to the holder of the baton, but for [#wakeup()].
final class SimBackend extends SimulatedBackend {

  private record Completion(long userData, int result) {}

  private final int capacity;
  private final Baton baton;
  private final SimKernel kernel;
  private final SimClock clock;
  /// Whether platform tasks may make calls themselves, in place of the ring.
  private final boolean callsHere;

  private final SimSlots slots = new SimSlots();
  private final List<SimJob> prepared = new ArrayList<>();
  private final List<SimJob> submitted = new ArrayList<>();
  private final ArrayDeque<Completion> completions = new ArrayDeque<>();
  private @Nullable SimTask waiter;
  private int wanted;
  private boolean woken;
  private int buffers;
  private boolean closed;

  SimBackend(int capacity, Baton baton, SimKernel kernel, SimClock clock) {
    this.capacity = capacity;
    this.baton = baton;
    this.kernel = kernel;
    this.clock = clock;
    callsHere = baton.random().nextBoolean();
    kernel.ringOpened();
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
    return "a simulated host" + (callsHere ? ", with calls on the calling task" : "");
  }

  @Override
  public List<String> fallbacks() {
    return List.of("the host is simulated: there is no network");
  }

  // Requests.

  @Override
  public void prepare(Request request) {
    SimJob job = new SimJob(request, slots);
    boolean behind = !prepared.isEmpty() && prepared.getLast().link != Link.NONE;
    job.resolvesLate = behind && request.fixedFile && namesFile(job.op);
    if (namesFile(job.op) && !job.resolvesLate) {
      resolve(job);
    }
    prepared.add(job);
  }

  private void resolve(SimJob job) {
    int file = job.request.file;
    SimOpenFile open = job.request.fixedFile ? slots.get(file) : kernel.descriptors().get(file);
    if (open != null) {
      open.retain();
      job.file = open;
    }
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT -> true;
      default -> false;
    };
  }

  @Override
  public int room() {
    return capacity - prepared.size();
  }

  @Override
  public int submit() {
    baton.switchPoint();
    List<SimJob> jobs = List.copyOf(prepared);
    prepared.clear();
    submitted.addAll(jobs);
    SimJob previous = null;
    for (SimJob job : jobs) {
      kernel.submitted();
      if (previous != null && previous.link != Link.NONE) {
        previous.next = job;
      } else {
        start(job);
      }
      previous = job;
    }
    return 0;
  }

  private void start(SimJob job) {
    if (job.resolvesLate) {
      resolve(job);
    }
    long now = baton.nowNanos();
    if (job.op == Op.TIMEOUT) {
      baton.at(now + job.request.timeoutNanos, () -> end(job));
      return;
    }
    if (!job.cut) {
      kernel.begin(job);
      if (job.request.timeoutNanos > 0) {
        baton.at(now + job.request.timeoutNanos, () -> cancel(job));
      }
    }
    baton.at(now + clock.latencyNanos(job.op), () -> end(job));
  }

  private void end(SimJob job) {
    if (job.ended) {
      return;
    }
    int result;
    if (job.cut) {
      result = -Errno.ECANCELED;
    } else if (job.op == Op.TIMEOUT) {
      result = 0;
    } else if (job.op == Op.CANCEL) {
      result = cancel(job.request.offset);
    } else {
      result = kernel.execute(job, clock.wallMillis());
      if (kernel.losesPower()) {
        baton.end();
        return; // Nobody will know.
      }
    }
    complete(job, result);
  }

  /// As IORING_OP_ASYNC_CANCEL.
  private int cancel(long target) {
    for (SimJob job : submitted) {
      if (job.userData == target && job.op != Op.CANCEL) {
        return cancel(job) ? 0 : -Errno.EALREADY;
      }
    }
    return -Errno.ENOENT;
  }

  private boolean cancel(SimJob job) {
    if (job.ended || (job.op != Op.TIMEOUT && baton.random().nextInt(3) == 0)) {
      return false;
    }
    kernel.abandon(job);
    if (isStarted(job)) {
      complete(job, -Errno.ECANCELED);
    } else {
      job.cut = true; // It ends when its turn comes.
    }
    return true;
  }

  /// Whether it is not behind another one that has not ended.
  private boolean isStarted(SimJob job) {
    for (SimJob other : submitted) {
      if (other.next == job) {
        return false;
      }
    }
    return true;
  }

  private void complete(SimJob job, int result) {
    job.ended = true;
    submitted.remove(job);
    kernel.ended();
    SimOpenFile file = job.file;
    if (file != null) {
      file.release();
    }
    tell(new Completion(job.userData, result));
    if (job.toldTwice) {
      baton.at(
          baton.nowNanos() + clock.latencyNanos(job.op),
          () -> tell(new Completion(job.userData, result)));
    }
    SimJob next = job.next;
    if (next != null) {
      next.cut |= job.link == Link.CHAIN && isFailure(job, result);
      start(next);
    }
  }

  private void tell(Completion completion) {
    completions.add(completion);
    if (waiter != null && completions.size() >= wanted) {
      baton.wake(waiter);
    }
  }

  private static boolean isFailure(SimJob job, int result) {
    return result < 0 || (job.isTransfer() && result < job.request.length);
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    baton.switchPoint();
    long now = baton.nowNanos();
    long deadline = timeoutNanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + timeoutNanos;
    while (completions.size() < minimum && !woken && baton.nowNanos() < deadline) {
      waiter = baton.self();
      wanted = minimum;
      try {
        baton.block("completions", deadline);
      } finally {
        waiter = null;
      }
    }
    woken = false;
    return drain(sink);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    int result = submit();
    return result < 0 ? result : await(minimum, timeoutNanos, sink);
  }

  @Override
  public int drain(CompletionSink sink) {
    int passed = 0;
    for (int i = completions.size(); i > 0; i--) {
      Completion completion = completions.remove();
      sink.complete(completion.userData, completion.result, 0);
      passed++;
    }
    return passed;
  }

  @Override
  public void wakeup() {
    if (baton.isTask()) {
      wakeWaiter();
    } else {
      baton.foreign(this::wakeWaiter);
    }
  }

  private void wakeWaiter() {
    woken = true;
    if (waiter != null) {
      baton.wake(waiter);
    }
  }

  // Tables.

  @Override
  public int registerFile(int descriptor) {
    SimOpenFile file = kernel.descriptors().get(descriptor);
    if (file == null) {
      return -Errno.EBADF;
    }
    int slot = slots.reserve();
    file.retain();
    slots.put(slot, file);
    return slot;
  }

  @Override
  public int reserveFile() {
    return slots.reserve();
  }

  @Override
  public void unregisterFile(int slot) {
    slots.free(slot);
  }

  @Override
  public int registerBuffer(MemorySegment memory) {
    return buffers++;
  }

  @Override
  public void unregisterBuffer(int index) {}

  @Override
  public void closeDescriptor(int descriptor) {
    kernel.descriptors().close(descriptor);
  }

  // Calls on the calling task.

  @Override
  public int read(int descriptor, MemorySegment buffer, int length, long offset) {
    return Math.max(-1, transferHere(Op.READ, descriptor, buffer, length, offset, false));
  }

  @Override
  public int writeBuffered(int descriptor, MemorySegment buffer, int length, long offset) {
    return Math.max(-1, transferHere(Op.WRITE, descriptor, buffer, length, offset, false));
  }

  @Override
  public int writeDurable(int descriptor, MemorySegment buffer, int length, long offset) {
    return transferHere(Op.WRITE, descriptor, buffer, length, offset, true);
  }

  private int transferHere(
      Op op, int descriptor, MemorySegment buffer, int length, long offset, boolean dsync) {
    Request request = new Request();
    request.op = op;
    request.file = descriptor;
    request.buffer = buffer;
    request.length = length;
    request.offset = offset;
    request.dsync = dsync;
    return callsHere ? here(request) : NOT_HERE;
  }

  @Override
  public int sync(int descriptor, boolean dataOnly) {
    Request request = new Request();
    request.op = dataOnly ? Op.FDATASYNC : Op.FSYNC;
    request.file = descriptor;
    return callsHere ? here(request) : NOT_HERE;
  }

  @Override
  public int createDirectory(Path path) {
    Request request = new Request();
    request.op = Op.CREATE_DIRECTORY;
    request.path = path;
    return here(request);
  }

  private int here(Request request) {
    SimTask self = baton.self();
    SimJob job = new SimJob(request, slots);
    if (namesFile(job.op)) {
      resolve(job);
    }
    kernel.begin(job);
    int[] result = {NOT_HERE};
    baton.at(
        baton.nowNanos() + clock.latencyNanos(job.op),
        () -> {
          result[0] = kernel.execute(job, clock.wallMillis());
          if (kernel.losesPower()) {
            baton.end();
          }
          job.ended = true;
          baton.wake(self);
        });
    while (!job.ended) {
      baton.block("a call of its own", Long.MAX_VALUE);
    }
    SimOpenFile file = job.file;
    if (file != null) {
      file.release();
    }
    // Nobody can cancel a system call.
    return result[0] == -Errno.ECANCELED ? -Errno.EINTR : result[0];
  }

  @Override
  public int lock(int descriptor) {
    baton.switchPoint();
    SimOpenFile file = kernel.descriptors().get(descriptor);
    if (file == null) {
      return -Errno.EBADF;
    }
    return file.node().lock(file) ? 0 : -Errno.EAGAIN;
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    baton.switchPoint();
    return kernel.list(directory);
  }

  @Override
  public Path realPath(Path path) throws IOException {
    baton.switchPoint();
    return kernel.disk().realPath(path);
  }

  @Override
  public void close(boolean abandon) {
    slots.freeAll();
    if (!closed) {
      closed = true;
      kernel.ringClosed();
    }
  }
}
