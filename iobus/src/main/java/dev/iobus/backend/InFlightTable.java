package dev.iobus.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The requests between prepare and completion, each under a token that travels through the
/// kernel as `user_data`. It keeps them, and so their buffers, reachable.
///
/// One thread adds while another removes. Free slots go from the remover to the adder through a
/// queue with one writer and one reader; a request comes to the remover by way of the kernel,
/// which orders it. Tokens are positive; their upper bits differ at each use of a slot, so that a
/// cancel that comes late hits nothing.
final class InFlightTable {

  private static final int SLOT_BITS = 16;
  private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;
  private static final VarHandle FREE_TAIL;

  static {
    try {
      FREE_TAIL =
          MethodHandles.lookup().findVarHandle(InFlightTable.class, "freeTail", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int capacity;
  private final int[] free;
  private final @Nullable Request[] requests;
  private final long[] tokens;

  // Owned by the adding thread.
  private final long[] userData;
  private int freeHead;
  private long uses;

  // Written by the removing thread with release order, read by the adding one with acquire order.
  private int freeTail;

  InFlightTable(int capacity) {
    assert capacity <= SLOT_MASK;
    this.capacity = capacity;
    free = new int[Integer.highestOneBit(Math.max(1, capacity * 2 - 1))];
    requests = new Request[capacity];
    tokens = new long[capacity];
    userData = new long[capacity];
    for (int slot = 0; slot < capacity; slot++) {
      free[slot] = slot;
    }
    freeTail = capacity;
  }

  int capacity() {
    return capacity;
  }

  /// How many requests are in the table. Exact when nobody adds or removes.
  int count() {
    return capacity - ((int) FREE_TAIL.getAcquire(this) - freeHead);
  }

  /// Takes a request in. Returns its token.
  ///
  /// @throws IllegalStateException when the table is full
  long add(Request request) {
    if (count() == capacity) {
      throw new IllegalStateException("more than " + capacity + " requests in flight");
    }
    int slot = free[freeHead++ & free.length - 1];
    long token = (++uses << SLOT_BITS | slot) & Long.MAX_VALUE;
    requests[slot] = request;
    tokens[slot] = token;
    userData[slot] = request.userData;
    return token;
  }

  /// The request of a token.
  Request get(long token) {
    int slot = slot(token);
    Request request = requests[slot];
    if (request == null || tokens[slot] != token) {
      throw new AssertionError("completion of an unknown request, token " + token);
    }
    return request;
  }

  /// Lets a request go.
  void remove(long token) {
    int slot = slot(token);
    requests[slot] = null;
    int tail = freeTail;
    free[tail & free.length - 1] = slot;
    FREE_TAIL.setRelease(this, tail + 1);
  }

  /// The token of the newest request that was added with this user data, which may have ended
  /// meanwhile; 0 when there never was one. For the adding thread.
  long find(long userData) {
    long newest = 0;
    for (int slot = 0; slot < capacity; slot++) {
      if (this.userData[slot] == userData && tokens[slot] > newest) {
        newest = tokens[slot];
      }
    }
    return newest;
  }

  static int slot(long token) {
    return (int) token & SLOT_MASK;
  }
}
