package dev.iobus.backend;

import org.jspecify.annotations.Nullable;

/// The requests between prepare and completion, each under a token that travels through the kernel
/// as `user_data`: the request's own user data, whose lower half is its place here.
///
/// One thread adds while another removes; a request comes to the remover by way of the kernel,
/// which orders it. What was removed stays in its place, as its owner uses it again.
final class InFlightTable {

  private final @Nullable Request[] requests;

  // Owned by the adding thread.
  private long added;

  // Owned by the removing thread.
  private long removed;

  InFlightTable(int capacity) {
    requests = new Request[capacity];
  }

  int capacity() {
    return requests.length;
  }

  /// How many requests are in the table. Exact when nobody adds or removes.
  long count() {
    return added - removed;
  }

  /// Takes a request in. Returns its token.
  ///
  /// @throws IllegalStateException when its index is not below the capacity
  @SuppressWarnings("ReferenceEquality") // The same object: a store costs the collector's barrier.
  long add(Request request) {
    long token = request.userData;
    int slot = checked(slot(token));
    if (requests[slot] != request) {
      requests[slot] = request;
    }
    added++;
    return token;
  }

  private int checked(int slot) {
    if (slot < 0 || slot >= requests.length) {
      throw new IllegalStateException(
          "request number " + slot + ", but at most " + requests.length + " can be in flight");
    }
    return slot;
  }

  /// The request of a token.
  Request get(long token) {
    int slot = slot(token);
    Request request = slot < 0 || slot >= requests.length ? null : requests[slot];
    if (request == null || request.userData != token) {
      throw new AssertionError("completion of an unknown request, token " + token);
    }
    return request;
  }

  /// Lets a request go, after its last completion.
  void remove() {
    removed++;
  }

  static int slot(long token) {
    return (int) token;
  }
}
