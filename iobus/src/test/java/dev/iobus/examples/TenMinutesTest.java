package dev.iobus.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.BusStats;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SharedBus;
import dev.iobus.SocketType;
import dev.iobus.WriteFlag;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The page "iobus in ten minutes" shows code that is compiled and does what the page says.
@Timeout(60)
final class TenMinutesTest {

  private static final String SHOWN = "  // shown: ";
  private static final String UNTIL_HERE = "  // until here";

  @TempDir Path directory;

  private static BusOptions options(BackendKind kind) {
    BusOptions options = BusOptions.defaults().withBackend(kind);
    try {
      Bus.open(options).close();
    } catch (IOException e) {
      Assumptions.abort(kind + " is not available on this host: " + e.getMessage());
    }
    return options;
  }

  @Test
  void oneRead() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "the beginning");
    assertEquals(
        "the beginning", new String(TenMinutes.head(file), StandardCharsets.US_ASCII));
    Files.writeString(file, "");
    assertEquals(0, TenMinutes.head(file).length);
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void files(BackendKind kind) throws IOException {
    Path lines = directory.resolve("lines");
    String text = "a line\n".repeat(5000);
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options(kind))) {
      OpenFile file = TenMinutes.openOrCreate(bus, lines);
      assertEquals(0, Files.size(lines));
      Files.writeString(lines, text);
      bus.done(TenMinutes.run(bus, bus.close(file)));
      file = TenMinutes.openOrCreate(bus, lines);

      MemorySegment memory = arena.allocate(64 << 10);
      assertEquals(5000, TenMinutes.countLines(bus, file, memory));
      assertEquals(text.length(), TenMinutes.readWhole(bus, file, memory));
      assertEquals(text.length(), TenMinutes.lengthByReading(bus, file, memory));
      assertEquals(
          text.chars().sum(), TenMinutes.sumOfBytes(bus, file, arena));

      TenMinutes.closeLater(bus, file);
      assertEquals(0, TenMinutes.endAll(bus, 1));
      assertTrue(file.isClosed());
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aChain(BackendKind kind) throws IOException {
    Path path = directory.resolve("replaced");
    Files.writeString(path, "old");
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options(kind))) {
      Result opened = TenMinutes.run(bus, bus.open(directory, OpenFlag.DIRECTORY));
      OpenFile parent = opened.endOpen();
      bus.done(opened);
      MemorySegment bytes = arena.allocateFrom("new").asSlice(0, 3);
      TenMinutes.replace(bus, parent, path, bytes);
      assertEquals("new", Files.readString(path));
      Path other = directory.resolve("a directory");
      Files.createDirectories(other.resolve("that is not empty"));
      assertThrows(
          IOException.class, () -> TenMinutes.replace(bus, parent, other, bytes));
      bus.done(TenMinutes.run(bus, bus.close(parent)));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void sockets(BackendKind kind) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options(kind))) {
      OpenSocket listening =
          TenMinutes.listen(bus, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int port = ((InetSocketAddress) bus.localAddress(listening)).getPort();
      try (Socket one = new Socket(InetAddress.getLoopbackAddress(), port);
          Socket other = new Socket(InetAddress.getLoopbackAddress(), port)) {
        List<OpenSocket> accepted = TenMinutes.acceptSome(bus, listening, 2);
        assertEquals(2, accepted.size());

        MemorySegment memory = arena.allocate(100_000);
        for (OpenSocket socket : accepted) {
          assertTrue(TenMinutes.isSilent(bus, socket, memory));
          assertFalse(TenMinutes.giveUp(bus, socket, memory));
        }
        byte[] sent = new byte[30_000];
        one.getOutputStream().write(sent);
        one.shutdownOutput();
        assertEquals(sent.length, TenMinutes.receiveAll(bus, accepted.getFirst()));

        MemorySegment bytes = memory.asSlice(0, 10).fill((byte) 7);
        assertEquals(10, TenMinutes.sendAndEnd(bus, accepted.getFirst(), bytes));
        byte[] expected = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
        one.setSoTimeout(20_000);
        assertArrayEquals(expected, one.getInputStream().readAllBytes());
        other.shutdownOutput();
        assertEquals(0, TenMinutes.receiveAll(bus, accepted.getLast()));
        for (OpenSocket socket : accepted) {
          bus.done(TenMinutes.run(bus, bus.close(socket)));
        }
      }
      bus.done(TenMinutes.run(bus, bus.close(listening)));
    }
  }

  @Test
  void aSimulatedHostDoesTheSameAgain() throws IOException {
    Set<Long> runs = new HashSet<>();
    for (int seed = 0; seed < 5; seed++) {
      long first = TenMinutes.tryOut(seed, TenMinutesTest::sendToItself);
      assertEquals(first, TenMinutes.tryOut(seed, TenMinutesTest::sendToItself));
      runs.add(first);
    }
    assertEquals(5, runs.size());
  }

  private static void sendToItself(Bus bus, SimScheduler host) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7777);
    OpenSocket listening = TenMinutes.listen(bus, address);
    host.start(
        "sender",
        () -> {
          try (Arena arena = Arena.ofShared();
              Bus own = Bus.open(BusOptions.defaults().withScheduler(host).withCapacity(4))) {
            own.submit(own.socket(StandardProtocolFamily.INET, SocketType.STREAM));
            Result made = own.dispatch();
            OpenSocket socket = made.endSocket();
            own.done(made);
            own.done(TenMinutes.run(own, own.connect(socket, address)));
            try {
              TenMinutes.sendAndEnd(own, socket, arena.allocate(10_000));
            } catch (BusException e) {
              assertEquals("ECONNRESET", e.errnoName());
              return;
            }
            own.done(TenMinutes.run(own, own.close(socket)));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    OpenSocket accepted = TenMinutes.acceptSome(bus, listening, 1).getFirst();
    try {
      assertEquals(10_000, TenMinutes.receiveAll(bus, accepted));
    } catch (BusException e) {
      assertEquals("ECONNRESET", e.errnoName());
    }
    bus.done(TenMinutes.run(bus, bus.close(accepted)));
    bus.done(TenMinutes.run(bus, bus.close(listening)));
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void messages(BackendKind kind) throws IOException {
    try (Bus bus = Bus.open(options(kind))) {
      assertEquals(42, TenMinutes.firstMessage(bus));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void blockingCalls(BackendKind kind) throws Exception {
    List<Path> paths = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      paths.add(directory.resolve("file " + i));
      texts.add("text " + i);
      Files.writeString(paths.getLast(), texts.getLast());
    }
    try (Arena arena = Arena.ofShared();
        SharedBus bus = SharedBus.open(options(kind))) {
      assertEquals(texts, TenMinutes.readAll(bus, paths));

      OpenFile file =
          bus.open(
              directory.resolve("blocks"), OpenFlag.CREATE, OpenFlag.READ, OpenFlag.WRITE);
      bus.writeFully(file, arena.allocate(8192 + 100), 0, WriteFlag.NONE);
      long[] offsets = {8192, 0, 4096, 12288};
      assertEquals(
          2 * 4096 + 100,
          TenMinutes.readBlocks(bus, file, arena.allocate(4 * 4096), offsets));
      bus.close(file);
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void whatWasDone(BackendKind kind) throws IOException {
    try (Bus bus = Bus.open(options(kind))) {
      bus.done(TenMinutes.run(bus, bus.nop()));
      BusStats before = bus.stats();
      bus.enqueue(bus.nop(), bus.nop(), bus.nop());
      assertEquals(0, TenMinutes.endAll(bus, 3));
      assertEquals("3 requests in 1 submissions", TenMinutes.doneSince(bus, before));
    }
  }

  @Test
  void thePageShowsThisCode() throws IOException {
    Map<String, String> shown = new LinkedHashMap<>();
    String name = null;
    StringBuilder code = new StringBuilder();
    Path source = Path.of("src/test/java/dev/iobus/examples/TenMinutes.java");
    for (String line : Files.readAllLines(source)) {
      if (line.startsWith(SHOWN)) {
        name = line.substring(SHOWN.length());
        code.setLength(0);
      } else if (line.equals(UNTIL_HERE)) {
        shown.put(name, code.toString());
        name = null;
      } else if (name != null) {
        code.append(line.isEmpty() ? line : line.substring(2)).append('\n');
      }
    }
    List<String> blocks = new ArrayList<>();
    String[] parts = Files.readString(Path.of("README.md")).split("```", -1);
    for (int i = 1; i < parts.length; i += 2) {
      if (parts[i].startsWith("java\n")) {
        blocks.add(parts[i].substring("java\n".length()));
      }
    }
    assertEquals(
        String.join("---\n", shown.values()), String.join("---\n", blocks), "in this order");
  }
}
