package dev.iobus.sim;

import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Datagrams that have reached a socket and that nobody has received. Confined to the holder of the
/// baton.
final class SimMailbox {

  /// `net.unix.max_dgram_qlen` of a usual host, and a little more.
  private static final int MESSAGES_MAX = 16;

  /// One datagram.
  ///
  /// @param sender null when the sender has no name
  record Message(byte[] bytes, @Nullable SocketAddress sender) {}

  private final SimNetwork network;
  private final ArrayDeque<Message> messages = new ArrayDeque<>();

  /// Messages that are under way and will be there.
  private int expected;

  /// Sockets that wait for room.
  private final Set<SimSocket> senders = new LinkedHashSet<>();

  /// When the last of those arrives that nothing delays.
  private long lastArrivalNanos;

  SimMailbox(SimNetwork network) {
    this.network = network;
  }

  /// When a message arrives that is sent now. What is not delayed stays in order; what is may be
  /// overtaken.
  long arrivalNanos(long usualNanos, long delayNanos) {
    if (delayNanos > 0) {
      return usualNanos + delayNanos;
    }
    lastArrivalNanos = Math.max(lastArrivalNanos, usualNanos);
    return lastArrivalNanos;
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  boolean isFull() {
    return messages.size() + expected >= MESSAGES_MAX;
  }

  /// Keeps a place for a message that is under way.
  void expect() {
    expected++;
  }

  /// Gives such a place up.
  void arrived() {
    expected--;
  }

  /// Serves a socket again when there is room.
  void tellWhenThereIsRoom(SimSocket sender) {
    senders.add(sender);
  }

  void add(Message message) {
    messages.add(message);
  }

  /// Takes the oldest message; there must be one.
  Message take() {
    Message message = messages.remove();
    freed();
    return message;
  }

  /// The socket is closed.
  void close() {
    messages.clear();
    freed();
  }

  private void freed() {
    senders.forEach(network::changed);
    senders.clear();
  }
}
