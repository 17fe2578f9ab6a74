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
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// A backend of `java.nio` channels on private threads. It works on every host and needs
/// no native access.
///
/// A run of linked requests is one piece of work for one worker, which carries it out in order.
/// Files are resolved when a request is prepared and stay open until it has completed, whatever
/// is closed meanwhile.
///
/// What it cannot do as the kernel does: a lock is that of fcntl(2), so the process loses it when
/// *any* channel on the same file is closed; a file can be lengthened only by writing to it; a
/// DSYNC write is a write and an fdatasync; there is no sync of a range, no advice, and no write
/// that is atomic or past the page cache. A pipe is not opened: the open would hold its worker until
/// another process opens the other end, and no transfer on it would follow.
///
/// Threads: as [Backend] says, for both modes.
public final class NioBackend implements Backend {

  private static final int THREADS_MAX = 16;
  private static final AtomicInteger COUNT = new AtomicInteger();

  /// Stands for "some other thread" in the question of whether workers can reach a segment.
  private static final Thread OTHER = Thread.ofPlatform().unstarted(() -> {});

  private final int capacity;
  private final NioCompletions completions;
  private final NioRuns runs;

  private final ReentrantLock registeredLock = new ReentrantLock();

  // Guarded by registeredLock.
  private final List<NioDescription> registered = new ArrayList<>();
  private final List<Integer> reserved = new ArrayList<>();

  // Owned by the submitting side.
  private final ProvidedPools pools = new ProvidedPools();
  private final NioJob[] prepared;
  private int preparedCount;

  private NioBackend(int capacity) {
    this.capacity = capacity;
    int threadsMax = Math.min(capacity, THREADS_MAX);
    completions = new NioCompletions(capacity);
    String name = "iobus-nio-" + COUNT.getAndIncrement();
    runs = new NioRuns(name, capacity, threadsMax, completions::add);
    prepared = new NioJob[capacity];
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
  public List<String> fallbacks() {
    return List.of(
        "java.nio has no asynchronous files: private threads wait for them",
        "java.nio has no registered buffers: they are used as plain memory",
        "java.nio has no operations with many results: each is submitted anew",
        "java.nio has no durable write: it is a write and an fdatasync");
  }

  @Override
  public void prepare(Request request) {
    NioJob job = runs.take(request);
    boolean behind = preparedCount > 0 && prepared[preparedCount - 1].link != Link.NONE;
    job.resolvesLate = behind && request.fixedFile && namesFile(request.op);
    job.file =
        namesFile(request.op) && !job.resolvesLate
            ? NioFiles.retain(request.file, request.fixedFile)
            : null;
    job.buffers = pools.of(request);
    job.closesSocket = request.op == Op.CLOSE && NioFiles.isSocket(request.file);
    prepared[preparedCount++] = job;
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
    NioDescription file = NioFiles.retain(descriptor, false);
    if (file == null) {
      return -Errno.EBADF;
    }
    registeredLock.lock();
    try {
      registered.add(file);
    } finally {
      registeredLock.unlock();
    }
    return descriptor;
  }

  @Override
  public int reserveFile() {
    int slot = NioFiles.reserve();
    registeredLock.lock();
    try {
      reserved.add(slot);
    } finally {
      registeredLock.unlock();
    }
    return slot;
  }

  @Override
  public void unregisterFile(int slot) {
    boolean mine;
    registeredLock.lock();
    try {
      mine = reserved.remove(Integer.valueOf(slot));
    } finally {
      registeredLock.unlock();
    }
    if (mine) {
      NioFiles.releaseQuietly(NioFiles.exchange(slot, null));
      NioFiles.unreserve(slot);
      return;
    }
    NioDescription file = NioFiles.retain(slot, true);
    if (file == null) {
      return;
    }
    boolean known;
    registeredLock.lock();
    try {
      known = registered.remove(file);
    } finally {
      registeredLock.unlock();
    }
    if (known) {
      NioFiles.releaseQuietly(file);
    }
    NioFiles.releaseQuietly(file);
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
    NioDescription file = NioFiles.retain(descriptor, false);
    if (NioFiles.closeDescriptor(descriptor)) {
      NioFiles.releaseQuietly(file);
    }
    NioFiles.releaseQuietly(file);
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

  /// What is asked of an open socket.
  @FunctionalInterface
  private interface Question<T extends @Nullable Object> {
    T of(NioSocket socket) throws IOException;
  }

  private static <T extends @Nullable Object> T ask(
      int descriptor, Question<T> question, IntFunction<T> failure) {
    NioDescription file = NioFiles.retain(descriptor, false);
    try {
      return file instanceof NioSocket socket
          ? question.of(socket)
          : failure.apply(file == null ? -Errno.EBADF : -Errno.number("ENOTSOCK"));
    } catch (IOException | RuntimeException e) {
      return failure.apply(NioErrno.negated(e));
    } finally {
      NioFiles.releaseQuietly(file);
    }
  }

  @Override
  public @Nullable SocketAddress localAddress(int descriptor) {
    return NioBackend.<@Nullable SocketAddress>ask(
        descriptor, NioSocket::localAddress, errno -> null);
  }

  @Override
  public @Nullable SocketAddress peerAddress(int descriptor) {
    return NioBackend.<@Nullable SocketAddress>ask(
        descriptor, NioSocket::peerAddress, errno -> null);
  }

  @Override
  public int setOption(int descriptor, SocketOption<?> option, int value) {
    return ask(descriptor, socket -> socket.setOption(option, value), errno -> errno);
  }

  @Override
  public int option(int descriptor, SocketOption<?> option) {
    return ask(descriptor, socket -> socket.option(option), errno -> errno);
  }

  @Override
  public int descriptor() {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public void notice() {}

  /// Never: the calling thread could be interrupted, which would close the channel.
  @Override
  public int read(int descriptor, MemorySegment buffer, int length, long offset) {
    return -1;
  }

  @Override
  public int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset) {
    return -1;
  }

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
    NioDescription open = NioFiles.retain(descriptor, false);
    if (!(open instanceof NioFile file)) {
      NioFiles.releaseQuietly(open);
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
      NioFiles.releaseQuietly(file);
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
    runs.close(abandon);
    List<NioDescription> files;
    List<Integer> slots;
    registeredLock.lock();
    try {
      slots = List.copyOf(reserved);
      files = List.copyOf(registered);
      registered.clear();
    } finally {
      registeredLock.unlock();
    }
    files.forEach(NioFiles::releaseQuietly);
    slots.forEach(this::unregisterFile);
  }
}
