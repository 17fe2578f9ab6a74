package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.Handle;
import dev.iobus.HostFiles;
import dev.iobus.PoolBuffer;
import dev.iobus.Readiness;
import dev.iobus.Result;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// What a [BusMachine] does to the two streams of a connection, which carry known bytes: what a
/// cancelled receive had taken would be missing. Buffers of a pool are kept for a while and must
/// not change meanwhile.
///
/// Confined to one thread.
final class StreamSteps {

  private static final int BYTES = 4096;

  private final BusMachine machine;
  private final Path directory;
  private final HostFiles host;
  private final MemorySegment content;
  private final Area[] sends = new Area[2];
  private final Area[] receives = new Area[2];
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private Stream[] streams;
  private BufferPool pool;

  /// The kind of the connection, which changes with each bus.
  private boolean overTcp;

  private record Held(PoolBuffer buffer, long place) {}

  StreamSteps(BusMachine machine, Path directory, HostFiles host, Arena arena)
      throws IOException {
    this.machine = machine;
    this.directory = directory;
    this.host = host;
    content = Stream.content(arena);
    for (int i = 0; i < 2; i++) {
      sends[i] = new Area(arena, BYTES);
      receives[i] = new Area(arena, BYTES);
    }
    pool = machine.bus().newPool(8, 1024);
    streams = connect();
  }

  private Stream[] connect() throws IOException {
    Bus bus = machine.bus();
    return overTcp
        ? Connections.overTcp(bus, content)
        : Connections.overPath(bus, directory, host, content);
  }

  Stream stream(int x) {
    return streams[x % 2];
  }

  /// All memory of these operations.
  List<Area> memory() {
    List<Area> all = new ArrayList<>(List.of(sends));
    all.addAll(List.of(receives));
    return all;
  }

  void poll(int x) throws IOException {
    machine.place(
        new Expected("poll", Result::endPoll, errno -> {}).on(stream(x).to),
        machine.bus().poll(stream(x).to, Readiness.READABLE));
  }

  void send(int x, int y, boolean zeroCopy) throws IOException {
    Stream stream = stream(x);
    if (stream.sending) {
      return;
    }
    stream.sending = true;
    int length = 1 + y % BYTES;
    Area area = sends[x % 2];
    area.memory.asSlice(0, length).copyFrom(stream.next(length));
    MemorySegment memory = area.memory.asSlice(0, length);
    Bus bus = machine.bus();
    Expected expected =
        new Expected(
                zeroCopy ? "sendZeroCopy" : "send",
                result -> {
                  if (!result.isNotification()) {
                    int count = result.endSend();
                    assertTrue(count > 0 && count <= length, () -> count + " sent");
                    stream.sent(count);
                  }
                  stream.sending = result.hasMore(); // The kernel still reads the memory.
                },
                errno -> stream.sending = false)
            .on(stream.from);
    if (zeroCopy) {
      machine.place(expected.keepsMemory(), bus.sendZeroCopy(stream.from, memory));
    } else {
      machine.place(expected, bus.send(stream.from, memory));
    }
  }

  void receive(int x, int y, boolean deadline) throws IOException {
    Stream stream = stream(x);
    if (stream.receiving) {
      return;
    }
    stream.receiving = true;
    int length = 1 + y % BYTES;
    Area area = receives[x % 2];
    Expected expected =
        new Expected(
                "recv",
                result -> {
                  int count = result.endRecv();
                  assertTrue(count > 0 && count <= length, () -> count + " received");
                  area.checkTouched(stream.content(), stream.place(), count);
                  stream.received(area.memory, count);
                  stream.receiving = false;
                },
                errno -> {
                  area.checkCanaries();
                  stream.receiving = false;
                })
            .on(stream.to);
    Handle handle = machine.bus().recv(stream.to, area.cleared(length));
    if (deadline) {
      expected.timed();
      handle.deadline(Duration.ofNanos(1 + 1000L * (y % 500)));
    }
    machine.place(expected, handle);
  }

  void receiveFromPool(int x, int y, boolean many) throws IOException {
    Stream stream = stream(x);
    if (stream.receiving) {
      return;
    }
    stream.receiving = true;
    Expected expected =
        new Expected(
                many ? "recvMany" : "recv from the pool",
                result -> {
                  takeBuffer(stream, result, y);
                  stream.receiving = result.hasMore();
                },
                errno -> stream.receiving = false)
            .on(stream.to);
    if (many) {
      expected.repeats();
    }
    machine.place(
        expected,
        many ? machine.bus().recvMany(stream.to, pool) : machine.bus().recv(stream.to, pool));
  }

  private void takeBuffer(Stream stream, Result result, int y) throws IOException {
    int count = result.endRecv();
    PoolBuffer buffer = result.buffer();
    assertEquals(count, buffer.length());
    long place = stream.place();
    stream.received(buffer.memory(), count);
    if (y % 3 == 0) {
      pool.release(buffer);
    } else {
      held.add(new Held(buffer, place));
    }
  }

  /// Gives back the buffer that was held longest; nobody may have written to it.
  void release() {
    Held oldest = held.poll();
    if (oldest != null) {
      MemorySegment memory = oldest.buffer.memory();
      assertEquals(
          -1, memory.mismatch(content.asSlice(oldest.place, memory.byteSize())), "held buffer");
      pool.release(oldest.buffer);
    }
  }

  /// The bus was closed in mid-flight, and there is another.
  void busWasReplaced() throws IOException {
    held.clear();
    Stream[] old = streams;
    pool = machine.bus().newPool(8, 1024);
    overTcp = !overTcp;
    streams = connect();
    Connections.close(machine.bus(), old);
  }

  /// Closes all. Nothing may be in flight.
  void end() throws IOException {
    while (!held.isEmpty()) {
      release();
    }
    assertEquals(0, pool.inUse());
    Connections.close(machine.bus(), streams);
  }
}
