package dev.iobus.sim;

import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.SimulatedBackend;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A ring of the simulated host.
///
/// Confined to the holder of the baton, but for [#wakeup()].
final class SimBackend extends SimulatedBackend {

  // As io_uring registers them.
  private static final int BUFFERS_MAX = 64;
  private static final long BUFFER_BYTES_MAX = 1L << 30;

  private final int capacity;
  private final Baton baton;
  private final SimKernel kernel;
  private final SimClock clock;
  /// Whether platform tasks may make calls themselves, in place of the ring.
  private final boolean callsHere;

  private final SimRing ring;
  private final SimPools pools;
  private final List<SimJob> prepared = new ArrayList<>();
  private final BitSet buffers = new BitSet();
  private boolean closed;
  private int descriptor = -1;

  SimBackend(int capacity, Baton baton, SimKernel kernel, SimClock clock) {
    this.capacity = capacity;
    this.baton = baton;
    this.kernel = kernel;
    this.clock = clock;
    callsHere = baton.random().nextBoolean();
    ring = new SimRing(capacity, baton, kernel, clock);
    pools = new SimPools(kernel.random());
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
    return List.of(
        "the host is simulated: it has files and a loopback interface, and no pipes or devices");
  }

  // Requests.

  @Override
  public void prepare(Request request) {
    SimJob job = new SimJob(request, ring);
    boolean behind = !prepared.isEmpty() && prepared.getLast().link != Link.NONE;
    job.resolvesLate = behind && request.fixedFile && namesFile(job.op);
    if (namesFile(job.op) && !job.resolvesLate) {
      ring.resolve(job);
    }
    job.pool = pools.of(request);
    prepared.add(job);
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case NOP, OPEN, OPEN_REGISTERED, CLOSE, RENAME, UNLINK, LINK, CREATE_DIRECTORY, SOCKET, TIMEOUT,
          INBOX, CANCEL ->
          false;
      default -> true;
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
    ring.submit(jobs);
    return 0;
  }

  @Override
  public long nanoTime() {
    return baton.nowNanos();
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    if (kernel.faults().breaksRing()) {
      return -Errno.EIO;
    }
    return ring.completions().await(minimum, timeoutNanos, sink);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    int result = submit();
    return result < 0 ? result : await(minimum, timeoutNanos, sink);
  }

  @Override
  public int drain(CompletionSink sink) {
    return ring.completions().drain(sink);
  }

  @Override
  public void wakeup() {
    ring.completions().wakeup();
  }

  @Override
  public boolean repeats(Request request) {
    return switch (request.op) {
      case ACCEPT, RECV, POLL -> true;
      default -> false;
    };
  }

  // Tables.

  @Override
  public int registerFile(int descriptor) {
    SimDescription file = kernel.descriptors().get(descriptor);
    if (file == null) {
      return -Errno.EBADF;
    }
    int slot = ring.slots().reserve();
    file.retain();
    ring.slots().put(slot, file);
    return slot;
  }

  @Override
  public int reserveFile() {
    return ring.slots().reserve();
  }

  @Override
  public void unregisterFile(int slot) {
    ring.slots().free(slot);
  }

  @Override
  public int registerBuffer(MemorySegment memory) {
    if (memory.byteSize() == 0 || memory.byteSize() > BUFFER_BYTES_MAX) {
      return -Errno.EINVAL;
    }
    int index = buffers.nextClearBit(0);
    if (index == BUFFERS_MAX) {
      return -Errno.ENOBUFS;
    }
    buffers.set(index);
    return index;
  }

  @Override
  public void unregisterBuffer(int index) {
    buffers.clear(index);
  }

  @Override
  public void closeDescriptor(int descriptor) {
    kernel.descriptors().close(descriptor);
  }

  @Override
  public int openPool(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    kernel.memory().note(slab);
    return pools.open(slab, count, bufferBytes, incremental);
  }

  @Override
  public void provide(int pool, int buffer) {
    pools.get(pool).provide(buffer);
  }

  @Override
  public void closePool(int pool) {
    pools.close(pool);
  }

  // Sockets and busses.

  private @Nullable SimSocket socket(int descriptor) {
    return kernel.descriptors().get(descriptor) instanceof SimSocket socket ? socket : null;
  }

  @Override
  public @Nullable SocketAddress localAddress(int descriptor) {
    SimSocket socket = socket(descriptor);
    return socket == null ? null : socket.local();
  }

  @Override
  public @Nullable SocketAddress peerAddress(int descriptor) {
    SimSocket socket = socket(descriptor);
    return socket == null || socket.isConnecting() || socket.isBroken() ? null : socket.peer();
  }

  @Override
  public int setOption(int descriptor, SocketOption<?> option, int value) {
    SimSocket socket = socket(descriptor);
    return socket == null ? -Errno.EBADF : socket.setOption(option, value);
  }

  @Override
  public int option(int descriptor, SocketOption<?> option) {
    SimSocket socket = socket(descriptor);
    return socket == null ? -Errno.EBADF : socket.option(option);
  }

  @Override
  public int descriptor() {
    if (descriptor < 0) {
      descriptor = kernel.descriptors().add(ring.completions().file());
    }
    return descriptor;
  }

  @Override
  public void notice() {
    ring.completions().notice();
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
    SimJob job = new SimJob(request, ring);
    if (namesFile(job.op)) {
      ring.resolve(job);
    }
    SimDescription file = job.file;
    if (file instanceof SimSocket) {
      file.release();
      return NOT_HERE; // It may have to wait.
    }
    kernel.begin(job);
    int[] result = {NOT_HERE};
    baton.at(
        baton.nowNanos() + clock.latencyNanos(job),
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
    if (file != null) {
      file.release();
    }
    // Nobody can cancel a system call.
    return result[0] == -Errno.ECANCELED ? -Errno.EINTR : result[0];
  }

  @Override
  public int lock(int descriptor) {
    baton.switchPoint();
    if (!(kernel.descriptors().get(descriptor) instanceof SimOpenFile file)) {
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
  public boolean hasEnded() {
    return baton.isEnding();
  }

  @Override
  public void close(boolean abandon) {
    if (closed) {
      return;
    }
    closed = true;
    ring.close();
    kernel.ringClosed();
    if (descriptor >= 0) {
      kernel.descriptors().close(descriptor);
    }
  }
}
