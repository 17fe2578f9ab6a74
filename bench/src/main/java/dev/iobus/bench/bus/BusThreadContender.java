package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusFile;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.Result;
import dev.iobus.ResultSink;
import dev.iobus.WriteFlag;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Does a job from as many virtual threads as it is deep, which hand each transfer to a thread that
/// owns a [Bus], and park until it wakes them: how a ring is shared by those who do not let the
/// caller run. One [Errand] a worker, so that nothing is allocated per transfer but the queue's
/// nodes.
final class BusThreadContender implements Contender {

  /// A transfer on its way to the bus and back.
  private static final class Errand {

    private final MemorySegment memory;

    // Written by the worker before the errand is queued.
    private @Nullable Thread waiter;
    private long offset;

    // Written by the bus thread before `done`.
    private int length;
    private @Nullable IOException failure;

    private volatile boolean done;

    Errand(MemorySegment memory) {
      this.memory = memory;
    }
  }

  // Constant after construction.
  private final Blocks blocks;
  private final @Nullable BackendKind backend;
  private final Arena arena = Arena.ofShared();
  private final Errand[] errands;
  private final Thread thread;
  private final CountDownLatch opened = new CountDownLatch(1);

  private final ConcurrentLinkedQueue<Errand> queue = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;
  private volatile @Nullable Throwable broken;
  private volatile @Nullable Bus bus;

  /// @param backend the backend to use; null for the best that this host allows
  BusThreadContender(Blocks blocks, @Nullable BackendKind backend) throws IOException {
    this.blocks = blocks;
    this.backend = backend;
    errands = new Errand[blocks.job().depth()];
    for (int i = 0; i < errands.length; i++) {
      errands[i] = new Errand(arena.allocate(blocks.job().blockLength(), PageFormat.LENGTH));
    }
    thread = Thread.ofPlatform().name("bus thread").daemon().start(this::serve);
    try {
      opened.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (broken != null) {
      arena.close();
      throw new IOException("the thread of the bus failed", broken);
    }
  }

  @Override
  public String describe() {
    Bus own = bus;
    return "virtual threads hand over to one bus: " + (own == null ? "closed" : own.reason());
  }

  @Override
  public Outcome run(long nanos) throws Exception {
    Workers workers = new Workers(Workers.Kind.VIRTUAL, errands.length, Progress.none());
    return Outcome.here(workers.runFor("bus-thread", nanos, this::step));
  }

  private long step(long index, Stopwatch stopwatch) throws Exception {
    Errand own = errands[(int) (index % errands.length)];
    int block = blocks.next();
    blocks.prepare(block, own.memory, 0);
    try {
      handOver(own, blocks.offsetOf(block));
    } catch (IOException e) {
      throw blocks.failed(block, e);
    }
    stopwatch.stop();
    blocks.check(block, own.length, own.memory, 0);
    return own.length;
  }

  private void handOver(Errand own, long offset) throws IOException {
    Bus target = bus;
    own.waiter = Thread.currentThread();
    own.offset = offset;
    own.failure = null;
    own.done = false;
    queue.add(own);
    if (target != null) {
      target.wakeup();
    }
    while (!own.done) {
      if (broken != null) {
        throw new IOException("the thread of the bus failed", broken);
      }
      LockSupport.park(this);
    }
    if (own.failure != null) {
      throw own.failure;
    }
  }

  /// The thread of the bus.
  private void serve() {
    Job job = blocks.job();
    try (Bus own =
        Bus.open(BusOptions.defaults().withCapacity(job.depth()).withBackend(backend))) {
      OpenFile file = BusContender.open(own, blocks.file().path(), BusContender.flags(job));
      BusFile used = job.isRegistered() ? own.register(file) : file;
      bus = own;
      opened.countDown();
      serve(own, used);
      BusContender.close(own, file);
    } catch (Throwable t) {
      broken = t;
    } finally {
      bus = null;
      opened.countDown();
      for (Errand errand : errands) {
        LockSupport.unpark(errand.waiter);
      }
    }
  }

  private void serve(Bus own, BusFile file) throws IOException {
    boolean writes = blocks.job().access().isWrite();
    ResultSink sink = result -> finish(own, result, writes);
    int inFlight = 0;
    while (!stopped || inFlight > 0) {
      for (Errand errand = queue.poll(); errand != null; errand = queue.poll()) {
        Handle transfer =
            writes
                ? own.write(file, errand.memory, errand.offset, WriteFlag.NONE)
                : own.read(file, errand.memory, errand.offset);
        own.enqueue(transfer.attach(errand));
        inFlight++;
      }
      inFlight -= own.dispatch(1, errands.length, Long.MAX_VALUE, sink);
    }
  }

  private static void finish(Bus own, Result result, boolean writes) {
    if (!(result.attachment() instanceof Errand errand)) {
      throw new AssertionError("a result without its errand");
    }
    try {
      errand.length = writes ? result.endWrite() : result.endRead();
    } catch (IOException e) {
      errand.failure = e;
    } finally {
      own.done(result);
    }
    Thread waiter = errand.waiter;
    errand.done = true;
    LockSupport.unpark(waiter);
  }

  @Override
  public void close() throws IOException {
    stopped = true;
    Bus own = bus;
    if (own != null) {
      own.wakeup();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    arena.close();
    if (broken != null) {
      throw new IOException("the thread of the bus failed", broken);
    }
  }
}
