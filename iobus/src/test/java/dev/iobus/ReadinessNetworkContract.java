package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.NioBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What a bus promises beside, whose backend waits for readiness and makes its calls itself.
abstract class ReadinessNetworkContract extends NetworkContract {

  @Test
  void severalOfAKindWaitInOrder() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(3);
    List<Handle> receives = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      receives.add(bus.recv(ends.get(1), into.asSlice(i, 1)));
    }
    bus.submit(receives.toArray(Handle[]::new));
    Handle cancel = bus.cancel(receives.get(1));
    bus.submit(cancel);
    Set<Handle> ended = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      ended.add(result.handle());
      bus.done(result);
    }
    assertEquals(Set.of(receives.get(1), cancel), ended);
    try (Bus other = open(4)) {
      other.submit(other.send(ends.get(0), bytes("ab")));
      other.done(other.dispatch());
    }
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertEquals(1, result.endRecv());
      bus.done(result);
    }
    assertEquals("ab", text(into, 1) + text(into.asSlice(2), 1));
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A queue that has waited for a socket may keep its descriptor until it is made to let go.
  @Test
  void anAddressIsFreeAsSoonAsItsSocketIsClosed() throws IOException {
    SocketAddress address = loopback(0);
    for (int i = 0; i < 50; i++) {
      OpenSocket server = listening(StandardProtocolFamily.INET, address);
      address = bus.localAddress(server);
      Handle accept = bus.accept(server).deadline(Duration.ofMillis(1));
      assertThrows(TimedOutException.class, () -> run(accept, Result::endAccept));
      closeAll(server);
    }
  }

  @Test
  void twoHundredBussesLeaveNothingBehind() throws IOException {
    final int files = NioBackend.openFiles();
    final long descriptors = descriptors();
    for (int round = 0; round < 200; round++) {
      bus.close();
      bus = open(16);
      OpenSocket server = listening();
      List<OpenSocket> ends = connected(server);
      bus.submit(bus.acceptMany(server), bus.recv(ends.get(0), arena.allocate(8)));
      bus.submit(bus.recv(ends.get(1), arena.allocate(8)).deadline(Duration.ofHours(1)));
      bus.submit(bus.pollMany(ends.get(1), Readiness.READABLE), bus.timeout(Duration.ofHours(1)));
      OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
      bus.submit(bus.connect(client, bus.localAddress(server)));
      bus.submit(bus.socket(StandardProtocolFamily.INET, SocketType.DATAGRAM));
      bus.submit(bus.close(ends.get(0)), bus.close(ends.get(1)));
      bus.submit(bus.close(server), bus.close(client));
    }
    bus.close();
    assertEquals(files, NioBackend.openFiles());
    assertEquals(
        List.of(),
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("iobus-" + kind().label() + "-"))
            .toList());
    assertTrue(descriptors() < descriptors + 20, "descriptors are left open");
  }

  /// Of this process; 0 where nobody tells.
  private static long descriptors() throws IOException {
    Path all = Path.of("/proc/self/fd");
    if (!Files.isDirectory(all)) {
      return 0;
    }
    try (Stream<Path> list = Files.list(all)) {
      return list.count();
    }
  }

  static void assertTold(String remedy, Executable call) {
    NotSupportedException refused = assertThrows(NotSupportedException.class, call);
    assertTrue(refused.toString().contains(remedy), refused::toString);
  }
}
