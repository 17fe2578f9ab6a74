package dev.iobus.simulation;

import dev.iobus.Bus;
import dev.iobus.Handle;
import dev.iobus.Result;
import java.io.IOException;
import java.util.Objects;

/// The operations of one bus, each of which has exactly one last result, and what follows on those.
///
/// Confined to the task that owns the bus.
final class Operations {

  /// What follows on a result.
  interface Next {
    void take(Result result) throws IOException;
  }

  private static final class Operation {
    private final String name;
    private final Next next;
    private boolean ended;

    private Operation(String name, Next next) {
      this.name = name;
      this.next = next;
    }
  }

  private final Bus bus;
  private long begun;
  private long ended;

  Operations(Bus bus) {
    this.bus = bus;
  }

  void enqueue(Handle handle, Next next) throws IOException {
    begun++;
    bus.enqueue(handle.attach(new Operation(handle.toString(), next)));
  }

  /// Waits for one result, and lets follow what follows on it.
  void step() throws IOException {
    Result result = bus.dispatch();
    Operation operation = (Operation) Objects.requireNonNull(result.attachment());
    require(!operation.ended, "a result after the last of " + operation.name);
    operation.ended = !result.hasMore();
    ended += operation.ended ? 1 : 0;
    operation.next.take(result);
    bus.done(result);
  }

  /// Waits until each has had its last result, and no other.
  void awaitAll() throws IOException {
    while (bus.inFlight() > 0 || ended < begun) {
      step();
    }
    require(begun == ended, begun + " operations have " + ended + " last results");
    require(bus.dispatch(0) == null, "a result of nobody");
  }

  static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
