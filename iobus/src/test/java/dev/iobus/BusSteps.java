package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// What contracts do with a bus that has nothing else in flight. Stateless.
final class BusSteps {

  private BusSteps() {}

  static OpenFile opened(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  static void closeFile(Bus bus, OpenFile file) throws IOException {
    bus.submit(bus.close(file));
    Result result = bus.dispatch();
    result.endClose();
    bus.done(result);
  }

  static void finish(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    assertSame(handle, result.handle());
    BusException failure = result.isFailure() ? failureOf(result) : null;
    bus.done(result);
    if (failure != null) {
      throw failure;
    }
  }

  static BusException failureOf(Result result) {
    return BusException.of(
        result.handle().operation(), result.handle().target(), -result.errno(), null);
  }

  static MemorySegment pattern(Arena arena, int length, int seed) {
    MemorySegment memory = arena.allocate(length, 4096);
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8) + seed));
    }
    return memory;
  }

  /// Memory of 2 GiB, more than one request takes: mapped from a file that is all hole, and so made
  /// without memory and without a restricted method.
  static MemorySegment twoGibibytes(Arena arena) throws IOException {
    Path file = Files.createTempFile("hole", "");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      channel.write(ByteBuffer.allocate(1), (1L << 31) - 1);
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, 1L << 31, arena);
    }
  }

  static void assertSameBytes(MemorySegment expected, MemorySegment found) {
    assertEquals(-1, expected.mismatch(found));
  }

  static FileStatus status(Bus bus, BusFile file) throws IOException {
    bus.submit(bus.stat(file));
    Result result = bus.dispatch();
    FileStatus status = result.endStat();
    bus.done(result);
    return status;
  }

  static void assertFails(String errno, Bus bus, Handle handle) throws IOException {
    BusException failure = assertThrows(BusException.class, () -> finish(bus, handle));
    assertEquals(errno, failure.errnoName());
  }

  /// The error numbers of the handles, in their order, after dispatching them all.
  static List<Integer> errnos(Bus bus, Handle... handles) throws IOException {
    Integer[] errnos = new Integer[handles.length];
    for (int i = 0; i < handles.length; i++) {
      Result result = bus.dispatch();
      int index = List.of(handles).indexOf(result.handle());
      assertNull(errnos[index]);
      errnos[index] = result.errno();
      result.handle().attach(result);
    }
    for (Handle handle : handles) {
      bus.done(handle.result);
    }
    return List.of(errnos);
  }

  static long received(Bus bus) throws IOException {
    Result result = requireNonNull(bus.dispatch(20 * BusHost.SECOND), "nothing came");
    long message = result.endInbox();
    bus.done(result);
    return message;
  }

  /// Dispatches until nothing is in flight and nothing ready.
  static void dispatchAll(Bus bus, ResultVisitor visitor) throws IOException {
    while (bus.inFlight() > 0) {
      bus.dispatch(1, bus.capacity(), 20 * BusHost.SECOND, visitor);
    }
    bus.dispatch(0, bus.capacity(), 0, visitor);
  }

  /// All handles are free.
  static void assertAllFree(Bus bus) throws IOException {
    assertEquals(0, bus.inFlight());
    Handle[] all = new Handle[bus.capacity()];
    for (int i = 0; i < all.length; i++) {
      all[i] = bus.nop();
    }
    assertThrows(QueueFullException.class, bus::nop);
    bus.submit(all);
    assertEquals(all.length, bus.dispatch(all.length, all.length, 20 * BusHost.SECOND, bus::done));
  }
}
