package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of sends without a copy, whether or not its host has them.
interface ZeroCopyContract extends OneBus {

  @Test
  default void zeroCopySendTellsWhenTheMemoryIsFree() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment from = bytes("zero copy");
    boolean told = sentWithoutCopy(bus().sendZeroCopy(ends.get(0), from), 9, Result::endSend);
    assertEquals(tells("SEND_ZC"), told);
    from.fill((byte) 'x'); // It is ours again.
    MemorySegment into = arena().allocate(20);
    assertEquals(9, run(bus().recv(ends.get(1), into), Result::endRecv));
    assertEquals("zero copy", text(into, 9));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void zeroCopyMessagesTellWhenTheirPartsAreFree() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment[] parts = {bytes("made "), bytes("of "), bytes("parts")};
    boolean told =
        sentWithoutCopy(
            bus().sendMessageZeroCopy(ends.get(0), parts), 13, Result::endSendMessage);
    assertEquals(tells("SENDMSG_ZC"), told);
    for (MemorySegment part : parts) {
      part.fill((byte) 'x');
    }
    MemorySegment into = arena().allocate(20);
    assertEquals(13L, (long) run(bus().recvFully(ends.get(1), into.asSlice(0, 13)), Result::endRecvFully));
    assertEquals("made of parts", text(into, 13));
    closeAll(ends.get(0), ends.get(1), server);

    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket two = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus().bind(one, loopback(0)));
    ran(bus().bind(two, loopback(0)));
    SocketAddress to = bus().localAddress(two);
    for (int i = 0; i < 3; i++) {
      MemorySegment[] halves = {bytes("data"), bytes("gram" + i)};
      sentWithoutCopy(bus().sendMessageZeroCopy(one, to, halves), 9, Result::endSendMessage);
      halves[0].fill((byte) 'x');
      ReceivedMessage message = run(bus().recvMessage(two, into), Result::endRecvMessage);
      assertEquals("datagram" + i, text(into, message.length()));
      assertEquals(bus().localAddress(one), message.sender());
    }
    closeAll(one, two);
  }

  @Test
  default void unixSocketsCopyWhatIsSentWithoutCopy() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory().resolve("zero"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    List<OpenSocket> ends = connected(server);
    assertFalse(
        sentWithoutCopy(bus().sendZeroCopy(ends.get(0), bytes("one ")), 4, Result::endSend));
    assertFalse(
        sentWithoutCopy(
            bus().sendMessageZeroCopy(ends.get(0), bytes("t"), bytes("wo")),
            3,
            Result::endSendMessage));
    MemorySegment into = arena().allocate(7);
    run(bus().recvFully(ends.get(1), into), Result::endRecvFully);
    assertEquals("one two", text(into, 7));
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// Dispatches all results of a send, which must be of `length` bytes. Returns whether the kernel
  /// told in a result of its own that the memory is the caller's again.
  private boolean sentWithoutCopy(Handle send, int length, End<Integer> end)
      throws IOException {
    bus().submit(send);
    Result result = dispatched();
    assertEquals(send, result.handle());
    assertFalse(result.isNotification());
    assertEquals(length, end.of(result));
    boolean more = result.hasMore();
    bus().done(result);
    if (more) {
      result = dispatched();
      assertEquals(send, result.handle());
      assertTrue(result.isNotification());
      assertFalse(result.hasMore());
      assertEquals(0, end.of(result));
      bus().done(result);
    }
    assertEquals(0, bus().inFlight());
    return more;
  }

  /// Whether a zero-copy send must have two results.
  private boolean tells(String operation) {
    boolean missing = bus().fallbacks().stream().anyMatch(line -> line.contains(" " + operation));
    return sendsWithoutCopy() && !missing;
  }
}
