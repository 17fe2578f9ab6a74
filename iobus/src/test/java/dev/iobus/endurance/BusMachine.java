package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusFile;
import dev.iobus.Handle;
import dev.iobus.HostFiles;
import dev.iobus.QueueFullException;
import dev.iobus.Result;
import dev.iobus.ResultSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/// A bus under arbitrary steps, beside a model that says what each result may be.
///
/// Whatever is in flight has memory of its own, between canaries. Each operation must have exactly
/// one last result, may be cancelled only for a reason, and must be where its chain is cut. A
/// closed bus must write nothing any more.
///
/// Confined to one thread.
final class BusMachine implements AutoCloseable {

  /// Opens the bus, and another after each that was closed.
  interface Opening {
    Bus open() throws IOException;
  }

  /// One step; what it is done to follows from two numbers.
  enum Action {
    NOP(16),
    READ(48),
    READ_REGISTERED(8),
    READ_FULLY(3),
    WRITE(32),
    WRITE_FULLY(3),
    WRITE_THEN_READ(16),
    SLOT_CHAIN(8),
    CUT_CHAIN(16),
    SYNC(2),
    TIMEOUT(16),
    POST(16),
    INBOX(4),
    DRAIN(4),
    DRAIN_WITH_DEADLINE(2),
    POLL(8),
    SEND(40),
    SEND_ZERO_COPY(8),
    RECV(24),
    RECV_WITH_DEADLINE(16),
    RECV_FROM_POOL(12),
    RECV_MANY(8),
    RELEASE(32),
    CANCEL(32),
    CANCEL_FILE(4),
    DISPATCH(64),
    WAIT(24),
    WAIT_FOR_BATCH(16),
    REOPEN(2),
    SETTLE(4),
    CLOSE(1);

    /// How often it is chosen, beside the others.
    private final int weight;

    Action(int weight) {
      this.weight = weight;
    }

    /// Each as often as its weight says.
    static List<Action> weighted() {
      List<Action> all = new ArrayList<>();
      for (Action action : values()) {
        all.addAll(Collections.nCopies(action.weight, action));
      }
      return all;
    }
  }

  private static final int CHAIN_MAX = 3;
  private static final int MESSAGES_MAX = 500;
  private static final long LIMIT_NANOS = 20_000_000_000L;

  private final Opening opening;
  private final Arena arena = Arena.ofShared();
  private Bus bus;
  private final FileSteps files;
  private final StreamSteps streams;

  /// Since the last time that all had ended.
  private final List<Expected> operations = new ArrayList<>();

  private long results;

  // Messages to the bus itself.
  private long posted;
  private long delivered;
  private boolean listening;

  /// @param host the files of the host that the bus is on
  BusMachine(Opening opening, Path directory, HostFiles host) throws IOException {
    this.opening = opening;
    bus = opening.open();
    streams = new StreamSteps(this, directory, host, arena);
    files = new FileSteps(this, directory, host, arena);
  }

  Bus bus() {
    return bus;
  }

  /// Results that were taken and checked.
  long results() {
    return results;
  }

  /// Does one step, or nothing where what it is to be done to is in use.
  ///
  /// @param x not negative
  /// @param y not negative
  void step(Action action, int x, int y) throws IOException {
    makeRoom();
    int slot = x % 16;
    switch (action) {
      case NOP -> place(new Expected("nop", Result::endNop, errno -> {}), bus.nop());
      case READ -> files.read(slot, y);
      case READ_REGISTERED -> files.readRegistered(y);
      case READ_FULLY -> files.readFully(y);
      case WRITE -> files.write(slot, y);
      case WRITE_FULLY -> files.writeFully(y);
      case WRITE_THEN_READ -> files.writeThenRead(slot, y);
      case SLOT_CHAIN -> files.slotChain(y);
      case CUT_CHAIN -> files.cutChain(slot, y);
      case SYNC -> files.sync(y);
      case TIMEOUT -> {
        Duration span = Duration.ofNanos(y % 4 == 0 ? LIMIT_NANOS : 1000L * y);
        place(new Expected("timeout", Result::endTimeout, errno -> {}), bus.timeout(span));
      }
      case POST -> post();
      case INBOX -> listen();
      case DRAIN -> drain(0);
      case DRAIN_WITH_DEADLINE -> drain(1 + 1000L * (y % 500));
      case POLL -> streams.poll(x);
      case SEND -> streams.send(x, y, false);
      case SEND_ZERO_COPY -> streams.send(x, y, true);
      case RECV -> streams.receive(x, y, false);
      case RECV_WITH_DEADLINE -> streams.receive(x, y, true);
      case RECV_FROM_POOL -> streams.receiveFromPool(x, y, false);
      case RECV_MANY -> streams.receiveFromPool(x, y, true);
      case RELEASE -> streams.release();
      case CANCEL -> cancel(x + y);
      case CANCEL_FILE -> cancelFile(y % 3 == 0 ? files.written() : streams.stream(x).to);
      case DISPATCH -> {
        int count = y % 8;
        while (count > 0 && takeOne(0)) {
          count--;
        }
      }
      case WAIT -> takeOne(100_000);
      case WAIT_FOR_BATCH -> takeBatch(1 + x % 4, y % 2 == 0);
      case REOPEN -> files.reopen();
      case SETTLE -> settle();
      case CLOSE -> closeInMidFlight();
    }
  }

  /// Takes an operation to account that is placed by the caller.
  Handle expect(Expected expected, Handle handle) {
    operations.add(expected);
    return expected.of(handle);
  }

  void place(Expected expected, Handle handle) throws IOException {
    bus.enqueue(expect(expected, handle));
  }

  private void post() {
    if (posted - delivered < MESSAGES_MAX) {
      bus.post(posted++);
    }
  }

  private void listen() throws IOException {
    if (listening) {
      return;
    }
    listening = true;
    Expected inbox =
        new Expected(
            "inbox",
            result -> assertEquals(delivered++, result.endInbox()),
            errno -> listening = false);
    place(inbox.repeats(), bus.inbox());
  }

  /// An operation that runs alone, and one behind it.
  ///
  /// @param deadlineNanos 0 for none
  private void drain(long deadlineNanos) throws IOException {
    List<Expected> before = operations.stream().filter(Expected::isWaitedFor).toList();
    Expected alone =
        new Expected(
            "drained nop",
            result -> {
              result.endNop();
              assertTrue(before.stream().allMatch(Expected::hasEnded), "it ran too early");
            },
            errno -> {});
    Handle nop = expect(alone, bus.nop());
    if (deadlineNanos > 0) {
      alone.timed();
      nop.deadline(Duration.ofNanos(deadlineNanos));
    }
    bus.drain(nop);
    Expected after =
        new Expected(
            "nop behind the drained one",
            result -> {
              result.endNop();
              assertTrue(alone.hasEnded(), "it ran too early");
            },
            errno -> {});
    place(after, bus.nop());
  }

  /// Takes results until a chain can be prepared; cancels all where none comes.
  void makeRoom() throws IOException {
    while (!hasRoom()) {
      if (!takeOne(100_000)) {
        cancelAll();
      }
    }
  }

  private boolean hasRoom() {
    List<Handle> prepared = new ArrayList<>(CHAIN_MAX);
    try {
      while (prepared.size() < CHAIN_MAX) {
        prepared.add(bus.nop());
      }
      return true;
    } catch (QueueFullException e) {
      return false;
    } finally {
      prepared.forEach(bus::discard);
    }
  }

  /// Takes one result, which must come.
  void takeNext() throws IOException {
    assertTrue(takeOne(LIMIT_NANOS), () -> "no result of " + unended());
  }

  private boolean takeOne(long nanos) throws IOException {
    Result result = bus.dispatch(nanos);
    if (result == null) {
      return false;
    }
    take(result);
    return true;
  }

  private void takeBatch(int count, boolean minWait) throws IOException {
    ResultSink sink =
        result -> {
          try {
            take(result);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    if (minWait) {
      bus.dispatchMinWait(count, count + 1, 20_000, 100_000, sink);
    } else {
      bus.dispatch(count - 1, count, 100_000, sink);
    }
  }

  private void take(Result result) throws IOException {
    results++;
    Expected expected = (Expected) Objects.requireNonNull(result.attachment());
    expected.take(result);
    bus.done(result);
  }

  private void cancel(int choice) throws IOException {
    List<Expected> open = operations.stream().filter(Expected::isCancellable).toList();
    if (!open.isEmpty()) {
      Expected target = open.get(choice % open.size());
      target.cancelAsked();
      place(new Expected("cancel", Result::endCancel, errno -> {}), bus.cancel(target.inFlight()));
    }
  }

  private void cancelFile(BusFile file) throws IOException {
    for (Expected operation : operations) {
      if (operation.isOn(file)) {
        operation.cancelAsked();
      }
    }
    bus.cancelAll(file);
  }

  private void cancelAll() throws IOException {
    operations.forEach(Expected::cancelAsked);
    bus.cancelAll();
  }

  /// Cancels what has not ended, and waits until all have had their last result.
  void settle() throws IOException {
    cancelAll();
    awaitAll();
  }

  /// What is enqueued next would wait behind a barrier for what may never end by itself.
  void settleIfDraining() throws IOException {
    if (operations.stream().anyMatch(o -> o.toString().startsWith("drained") && !o.hasEnded())) {
      settle();
    }
  }

  void awaitAll() throws IOException {
    while (operations.stream().anyMatch(operation -> !operation.hasEnded())) {
      takeNext();
    }
    for (Expected operation : operations) {
      operation.checkCut();
    }
    operations.clear();
    assertEquals(0, bus.inFlight());
    assertNull(bus.dispatch(0));
  }

  private List<String> unended() {
    return operations.stream().filter(o -> !o.hasEnded()).map(Expected::toString).toList();
  }

  private void closeInMidFlight() throws IOException {
    bus.submit();
    bus.close();
    byte[] left = bytes();
    operations.clear();
    delivered = posted;
    listening = false;
    bus = opening.open();
    files.busWasReplaced();
    streams.busWasReplaced();
    assertTrue(Arrays.equals(left, bytes()), "memory was written to after close");
  }

  /// All memory that operations have had, after a look at its canaries.
  private byte[] bytes() {
    List<Area> all = new ArrayList<>(files.memory());
    all.addAll(streams.memory());
    int length = 0;
    for (Area area : all) {
      area.checkCanaries();
      length += (int) area.memory.byteSize();
    }
    byte[] bytes = new byte[length];
    int at = 0;
    for (Area area : all) {
      MemorySegment memory = area.memory;
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, at, (int) memory.byteSize());
      at += (int) memory.byteSize();
    }
    return bytes;
  }

  /// Ends all, and compares files and streams with the model.
  @Override
  public void close() throws IOException {
    settle();
    streams.end();
    files.end();
    bus.close();
    arena.close();
  }
}
