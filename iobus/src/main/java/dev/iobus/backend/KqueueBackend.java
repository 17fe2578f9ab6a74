package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.kqueue.KqueueException;
import dev.iobus.posix.Errno;
import dev.iobus.posix.Host;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// kqueue(2) of macOS and FreeBSD, or libkqueue on Linux. Sockets and pipes are waited for in the
/// kernel's queue, and calls on them are made by whoever submits or reaps; calls on files, which
/// always count as ready there, are made by worker threads. Times and deadlines are kept here: the
/// nearest limits the wait.
///
/// ```
/// prepare ─► KqueueJob ─► KqueueRuns ┬─► WorkerPool ─► PosixFiles ─────┬─► KqueueCompletions ─► sink
///                              ▲     └─► KqueueWaits ─► PosixSockets ──┤        │
///                              │              │                        │        │ EVFILT_USER
///                              └────────── Kqueue ◄────────────────────┴────────┘
/// ```
///
/// Descriptors are the host's; a close takes effect behind the requests that were prepared before
/// it ([Descriptors]). A registered file is a second descriptor of the same open file; slots that
/// files are opened into are numbers of the backend ([FileSlots]).
///
/// Hosts differ in what is seen of it. On macOS a sync is F_FULLFSYNC, a direct file one without
/// cache (F_NOCACHE), and a socket that was refused a connection cannot try again. An allocate, a
/// sync of a range, and a write that is atomic or past the page cache are for Linux alone.
/// libkqueue on Linux tells what has reset a connection to those who wait; whoever asks after that,
/// or after bytes that came before it, sees the end of the input.
///
/// Not here: buffers that are filled piece by piece, and a [#descriptor()], as that of a libkqueue
/// cannot be waited for.
///
/// Threads: as [Backend] says, for both modes.
public final class KqueueBackend implements PosixBackend {

  private static final int THREADS_MAX = 16;
  private static final AtomicInteger COUNT = new AtomicInteger();

  // Constant after construction.
  private final int capacity;
  private final Arena arena = Arena.ofShared();
  private final Kqueue queue;
  private final KqueueCompletions completions;
  private final FileSlots slots = new FileSlots();
  private final KqueueWaits waits;
  private final KqueueRuns runs;

  // Owned by the submitting side.
  private final ProvidedPools pools = new ProvidedPools();
  private final KqueueJob[] prepared;
  private int preparedCount;

  // Owned by the reaping side.
  private boolean closed;

  private KqueueBackend(int capacity, Kqueue queue) {
    this.capacity = capacity;
    this.queue = queue;
    completions = new KqueueCompletions(queue, capacity);
    int threadsMax = Math.min(capacity, THREADS_MAX);
    String name = "iobus-kqueue-" + COUNT.getAndIncrement();
    runs = new KqueueRuns(arena, queue, completions, slots, name, capacity, threadsMax);
    waits = runs.waits();
    prepared = new KqueueJob[capacity];
  }

  /// A backend with a queue and worker threads of its own.
  ///
  /// @param capacity requests that may be between prepare and completion at one time, at least 1
  /// @throws KqueueUnavailableException when this host or process has no kqueue, or lacks a
  ///     resource
  public static KqueueBackend open(int capacity) throws KqueueUnavailableException {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is not at least 1");
    }
    Module module = KqueueBackend.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new KqueueUnavailableException(
          true,
          "no native access; start java with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
    try {
      return new KqueueBackend(capacity, Kqueue.open());
    } catch (KqueueException e) {
      throw new KqueueUnavailableException(e.errno() == 0, String.valueOf(e.getMessage()));
    }
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
    return "kqueue of "
        + Kqueue.source()
        + ", files on up to "
        + Math.min(capacity, THREADS_MAX)
        + " private threads";
  }

  @Override
  public List<String> fallbacks() {
    List<String> all = new ArrayList<>();
    all.add("kqueue has no asynchronous files: private threads wait for them");
    all.add("kqueue has no registered buffers: they are used as plain memory");
    all.add("kqueue has no operations with many results: each is submitted anew");
    if (Host.current() != Host.LINUX) {
      all.add("the host has no durable write: it is a write and a sync");
    }
    return List.copyOf(all);
  }

  @Override
  public void prepare(Request request) {
    boolean behind = preparedCount > 0 && prepared[preparedCount - 1].link != Link.NONE;
    prepared[preparedCount++] = runs.prepare(request, pools.of(request), behind);
  }

  @Override
  public int room() {
    return capacity - preparedCount;
  }

  @Override
  public int submit() {
    int count = preparedCount;
    preparedCount = 0;
    return runs.start(prepared, count);
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    boolean forever = timeoutNanos == Long.MAX_VALUE;
    long start = forever || timeoutNanos <= 0 ? 0 : System.nanoTime();
    long left = timeoutNanos;
    boolean looked = false;
    while (left > 0 && completions.mustWait(minimum)) {
      int answer = waits.serve(left);
      if (answer < 0) {
        return answer;
      }
      looked = true;
      if (!forever) {
        left = timeoutNanos - (System.nanoTime() - start);
      }
    }
    completions.endWait();
    return looked ? completions.drain(sink) : drain(sink);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    int result = submit();
    return result < 0 ? result : await(minimum, timeoutNanos, sink);
  }

  @Override
  public int drain(CompletionSink sink) {
    int answer = waits.serveNow();
    return answer < 0 ? answer : completions.drain(sink);
  }

  @Override
  public void wakeup() {
    completions.wakeup();
  }

  @Override
  public int registerFile(int descriptor) {
    return PosixFiles.duplicate(descriptor);
  }

  @Override
  public int reserveFile() {
    return slots.reserve();
  }

  @Override
  public void unregisterFile(int slot) {
    if (FileSlots.isSlot(slot)) {
      slots.unreserve(slot);
    } else {
      Descriptors.close(slot);
    }
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
    Descriptors.close(descriptor);
  }

  @Override
  public int openPool(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    return pools.open(slab, count, bufferBytes, incremental);
  }

  @Override
  public void provide(int pool, int buffer) {
    pools.get(pool).giveBack(buffer);
  }

  @Override
  public void closePool(int pool) {
    pools.close(pool);
  }

  @Override
  public int descriptor() {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public void notice() {}

  @Override
  public void close(boolean abandon) {
    if (closed) {
      return;
    }
    closed = true;
    runs.stopWorkers(abandon);
    if (!abandon) {
      slots.close();
      queue.close();
      arena.close();
    }
  }
}
