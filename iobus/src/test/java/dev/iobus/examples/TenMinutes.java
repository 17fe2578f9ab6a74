package dev.iobus.examples;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusFile;
import dev.iobus.BusOptions;
import dev.iobus.BusStats;
import dev.iobus.Handle;
import dev.iobus.IoBatch;
import dev.iobus.NoBuffersException;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.RegisteredBuffer;
import dev.iobus.RegisteredFile;
import dev.iobus.Result;
import dev.iobus.ResultVisitor;
import dev.iobus.ResultVisitor.Then;
import dev.iobus.SharedBus;
import dev.iobus.SocketSide;
import dev.iobus.SocketType;
import dev.iobus.TimedOutException;
import dev.iobus.WriteFlag;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// The code of the page "iobus in ten minutes", in its order. The page shows the methods between
/// the marks; `TenMinutesTest` runs them all on every backend and holds the page to them.
final class TenMinutes {

  private TenMinutes() {}

  // shown: one read
  static byte[] head(Path path) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults())) {
      bus.submit(bus.open(path));
      Result opened = bus.dispatch();
      OpenFile file = opened.endOpen();
      bus.done(opened);

      MemorySegment memory = arena.allocate(4096);
      bus.submit(bus.read(file, memory, 0)); // From offset 0 of the file.
      Result read = bus.dispatch();
      int length = Math.max(0, read.endRead()); // -1 at the end of the file.
      bus.done(read);

      bus.submit(bus.close(file));
      Result closed = bus.dispatch();
      closed.endClose();
      bus.done(closed);
      return memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }
  // until here

  // shown: one alone
  /// The result of one operation while no other is in flight.
  static Result run(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    return bus.dispatch();
  }

  static OpenFile openOrCreate(Bus bus, Path path) throws IOException {
    Result opened = run(bus, bus.open(path, OpenFlag.READ, OpenFlag.WRITE));
    try {
      return opened.endOpen();
    } catch (BusException e) {
      if (!e.errnoName().equals("ENOENT")) {
        throw e; // "open /etc/shadow: EACCES (…)"
      }
    } finally {
      bus.done(opened);
    }
    Result created = run(bus, bus.create(path, OpenFlag.READ)); // Mode 0600.
    OpenFile file = created.endOpen();
    bus.done(created);
    return file;
  }
  // until here

  // shown: many reads
  static long countLines(Bus bus, BusFile file, MemorySegment memory) throws IOException {
    long blockBytes = memory.byteSize() / 32;
    for (int i = 0; i < 32; i++) {
      MemorySegment block = memory.asSlice(i * blockBytes, blockBytes);
      bus.enqueue(bus.read(file, block, i * blockBytes).attach(block));
    }
    long lines = 0;
    for (int ended = 0; ended < 32; ended++) {
      Result result = bus.dispatch(); // Submits what is queued, then waits for one result.
      int length = result.endRead();
      if (result.attachment() instanceof MemorySegment block) {
        for (int i = 0; i < length; i++) {
          lines += block.get(ValueLayout.JAVA_BYTE, i) == '\n' ? 1 : 0;
        }
      }
      bus.done(result);
    }
    return lines;
  }
  // until here

  // shown: a batch
  static int endAll(Bus bus, int count) throws IOException {
    int[] failures = {0};
    int ended = 0;
    while (ended < count) {
      ended +=
          bus.dispatch(
              1, 64, Long.MAX_VALUE,
              result -> {
                failures[0] += result.isFailure() ? 1 : 0;
                bus.done(result);
              });
    }
    return failures[0];
  }
  // until here

  // shown: again
  static long lengthByReading(Bus bus, BusFile file, MemorySegment memory) throws IOException {
    long[] next = {0}; // Where the next read begins.
    long[] sum = {0};
    for (int i = 0; i < 8; i++, next[0] += 4096) {
      bus.enqueue(bus.read(file, memory.asSlice(next[0], 4096), next[0]));
    }
    ResultVisitor visitor =
        (result, outcome) -> {
          if (outcome == 0) { // The end of the file.
            return Then.DONE;
          }
          sum[0] += result.endRead(); // A failure is thrown, out of dispatch.
          result.handle().offset(next[0]);
          next[0] += 4096;
          return Then.REARM;
        };
    while (bus.inFlight() > 0) {
      bus.dispatch(1, 8, Long.MAX_VALUE, visitor);
    }
    return sum[0];
  }
  // until here

  // shown: a callback
  static void closeLater(Bus bus, OpenFile file) throws IOException {
    Handle close =
        bus.close(file)
            .callback(
                result -> {
                  if (result.isFailure()) {
                    System.err.println("closing " + file.path() + ": error " + result.errno());
                  }
                });
    bus.enqueue(close);
  }
  // until here

  // shown: a chain
  static void replace(Bus bus, OpenFile directory, Path path, MemorySegment bytes)
      throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    Result created = run(bus, bus.create(fresh, OpenFlag.TRUNCATE));
    OpenFile file = created.endOpen();
    bus.done(created);
    bus.chain(
        bus.write(file, bytes, 0, WriteFlag.NONE),
        bus.dataSync(file),
        bus.rename(fresh, path),
        bus.sync(directory));
    int failures = endAll(bus, 4);
    bus.done(run(bus, bus.close(file)));
    if (failures > 0) { // The first that failed, and all behind it, which were cancelled.
      throw new IOException("it is not certain which content " + path + " has after a crash");
    }
  }
  // until here

  // shown: whole
  static long readWhole(Bus bus, BusFile file, MemorySegment into) throws IOException {
    Result result = run(bus, bus.readFully(file, into, 0));
    long length = result.endReadFully(); // Less than asked for only at the end of the file.
    bus.done(result);
    return length;
  }
  // until here

  // shown: registered
  static long sumOfBytes(Bus bus, OpenFile file, Arena arena) throws IOException {
    RegisteredFile known = bus.register(file);
    RegisteredBuffer buffer = bus.register(arena.allocate(64 << 10, 4096));
    long sum = 0;
    long offset = 0;
    int length;
    do {
      Result result = run(bus, bus.read(known, buffer, 0, 64 << 10, offset));
      length = result.endRead();
      bus.done(result);
      for (int i = 0; i < length; i++) {
        sum += buffer.memory().get(ValueLayout.JAVA_BYTE, i);
      }
      offset += length;
    } while (length > 0);
    bus.unregister(buffer);
    bus.unregister(known);
    return sum;
  }
  // until here

  // shown: sockets
  static OpenSocket listen(Bus bus, SocketAddress address) throws IOException {
    Result made = run(bus, bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
    OpenSocket socket = made.endSocket();
    bus.done(made);
    Result bound = run(bus, bus.bind(socket, address));
    bound.endBind();
    bus.done(bound);
    Result listening = run(bus, bus.listen(socket, 128));
    listening.endListen();
    bus.done(listening);
    return socket;
  }
  // until here

  // shown: send
  static long sendAndEnd(Bus bus, OpenSocket socket, MemorySegment bytes) throws IOException {
    bus.enqueue(bus.sendFully(socket, bytes).deadline(Duration.ofSeconds(10)));
    Result sent = bus.dispatch();
    long count = sent.endSendFully();
    bus.done(sent);
    bus.done(run(bus, bus.shutdown(socket, SocketSide.OUTPUT)));
    return count;
  }
  // until here

  // shown: many results
  static List<OpenSocket> acceptSome(Bus bus, OpenSocket listening, int count)
      throws IOException {
    List<OpenSocket> accepted = new ArrayList<>();
    bus.enqueue(bus.acceptMany(listening));
    boolean more = true;
    while (more) {
      Result result = bus.dispatch();
      more = result.hasMore(); // Only the last result is a failure, or the end.
      if (!result.isFailure() && accepted.size() < count) {
        accepted.add(result.endAccept());
        if (accepted.size() == count) {
          bus.cancelAll(listening); // These cancels have no results of their own.
        }
      }
      bus.done(result); // Closes a socket that nobody has asked for.
    }
    return accepted;
  }
  // until here

  // shown: a pool
  static long receiveAll(Bus bus, OpenSocket socket) throws IOException {
    long total = 0;
    boolean ended = false;
    try (BufferPool pool = bus.newPool(16, 4096)) {
      bus.enqueue(bus.recvMany(socket, pool));
      while (!ended) {
        Result result = bus.dispatch();
        boolean more = result.hasMore();
        try {
          int length = result.endRecv();
          ended = length < 0; // The peer has sent its last.
          if (!ended) {
            PoolBuffer buffer = result.buffer();
            total += buffer.memory().byteSize();
            pool.release(buffer);
          }
        } catch (NoBuffersException e) {
          // All 16 were in use: nothing is lost, and by now some were released.
        }
        bus.done(result);
        if (!more && !ended) {
          bus.enqueue(bus.recvMany(socket, pool));
        }
      }
    }
    return total;
  }
  // until here

  // shown: a deadline
  static boolean isSilent(Bus bus, OpenSocket socket, MemorySegment into) throws IOException {
    Result result = run(bus, bus.recv(socket, into).deadline(Duration.ofMillis(20)));
    try {
      result.endRecv();
      return false;
    } catch (TimedOutException e) {
      return true; // Nothing was received, and `into` is ours again.
    } finally {
      bus.done(result);
    }
  }
  // until here

  // shown: a cancel
  static boolean giveUp(Bus bus, OpenSocket socket, MemorySegment into) throws IOException {
    Handle receive = bus.recv(socket, into);
    bus.enqueue(receive);
    bus.submit(bus.cancel(receive)); // An operation, too: two results follow, in any order.
    boolean received = false;
    for (int i = 0; i < 2; i++) {
      Result result = bus.dispatch();
      if (result.handle().equals(receive)) {
        received = !result.isFailure(); // The bytes may have come first.
      }
      bus.done(result);
    }
    return received;
  }
  // until here

  // shown: messages
  static long firstMessage(Bus bus) throws IOException {
    bus.enqueue(bus.inbox());
    Thread.ofVirtual().start(() -> bus.post(42));
    Result result = bus.dispatch();
    long message = result.endInbox();
    bus.done(result); // The inbox stays open until it is cancelled.
    return message;
  }
  // until here

  // shown: blocking
  static List<String> readAll(SharedBus bus, List<Path> paths)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> reads = new ArrayList<>();
      for (Path path : paths) {
        reads.add(threads.submit(() -> read(bus, path)));
      }
      List<String> texts = new ArrayList<>();
      for (Future<String> read : reads) {
        texts.add(read.get());
      }
      return texts;
    }
  }

  private static String read(SharedBus bus, Path path) throws IOException {
    OpenFile file = bus.open(path);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(bus.stat(file).size() + 1);
      bus.readFully(file, memory, 0); // The last byte stays 0, which ends the string.
      return memory.getString(0);
    } finally {
      bus.close(file);
    }
  }
  // until here

  // shown: blocks
  static int readBlocks(SharedBus bus, OpenFile file, MemorySegment memory, long[] offsets)
      throws IOException {
    IoBatch batch = bus.newBatch(offsets.length);
    for (int i = 0; i < offsets.length; i++) {
      batch.read(file, memory.asSlice(i * 4096L, 4096), offsets[i]);
    }
    batch.await(); // All at once; the calling thread waits.
    int bytes = 0;
    for (int i = 0; i < offsets.length; i++) {
      bytes += batch.result(i);
    }
    return bytes;
  }
  // until here

  // shown: what was done
  /// What a bus has done since an earlier look, in a line for a log.
  static String doneSince(Bus bus, BusStats before) {
    BusStats now = bus.stats();
    long requests = now.requestCount() - before.requestCount();
    long submissions = now.submissionCount() - before.submissionCount();
    return requests + " requests in " + submissions + " submissions";
  }
  // until here

  // shown: simulated
  /// What is tried on a simulated host: the code as it is in production.
  interface Program {
    void run(Bus bus, SimScheduler host) throws IOException;
  }

  /// Runs it where the network is slow, moves little at a time and breaks connections. The same seed
  /// does the same again, to the last result; the number that is returned stands for all of it.
  static long tryOut(long seed, Program program) throws IOException {
    Faults faults = new Faults();
    faults.reset().inFiles("port-7777").withOdds(0.01); // At both ends of what is connected to it.
    faults.shortTransfer().withOdds(0.3);
    faults.delay(Duration.ofMillis(200)).withOdds(0.1);
    SimScheduler host = new SimScheduler(seed, new SimDisk(), faults);
    host.run(
        () -> {
          try (Bus bus = Bus.open(BusOptions.defaults().withScheduler(host))) {
            program.run(bus, host); // Other tasks, with busses of their own: host.start(name, task).
          }
        });
    return host.traceHash();
  }
  // until here
}
