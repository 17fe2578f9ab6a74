package dev.iobus.sim;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Connections of a listening socket that nobody has accepted yet, and those who have to wait for a
/// place among them. Confined to the holder of the baton.
final class SimListener {

  private final SimSocket socket;
  private int backlog;

  /// The ends that will be accepted.
  private final ArrayDeque<SimSocket> connections = new ArrayDeque<>();

  private final ArrayDeque<SimSocket> waiting = new ArrayDeque<>();

  SimListener(SimSocket socket, int backlog) {
    this.socket = socket;
    this.backlog = backlog;
  }

  void setBacklog(int length) {
    backlog = length;
    admit();
  }

  boolean hasConnections() {
    return !connections.isEmpty();
  }

  /// A socket that connects has reached this one.
  void knock(SimSocket client) {
    waiting.add(client);
    admit();
  }

  private void admit() {
    while (!waiting.isEmpty() && connections.size() < backlog) {
      SimSocket client = waiting.remove();
      if (client.isConnecting()) { // Else it was closed while it waited.
        connections.add(client.connectTo(socket));
        socket.network().changed(socket);
      }
    }
  }

  /// Takes the oldest connection; null when there is none.
  @Nullable SimSocket accept() {
    SimSocket accepted = connections.poll();
    admit();
    return accepted;
  }

  /// Refuses all that nobody has accepted.
  void close() {
    for (SimSocket connection : connections) {
      connection.reset();
      connection.release();
    }
    connections.clear();
    waiting.forEach(SimSocket::refuse);
    waiting.clear();
  }
}
