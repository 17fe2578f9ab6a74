package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.iobus.Bus;
import dev.iobus.Handle;
import dev.iobus.Result;
import java.io.IOException;
import java.util.Objects;

/// One operation of a bus, and what follows on its results, of which exactly one is the last.
///
/// Confined to the task that owns the bus.
final class Operation {

  /// What follows on a result.
  interface Next {
    void take(Result result) throws IOException;
  }

  /// The operations of one bus.
  static final class Book {

    private final Bus bus;
    private int begun;
    private int ended;

    Book(Bus bus) {
      this.bus = bus;
    }

    void enqueue(Handle handle, Next next) throws IOException {
      begun++;
      bus.enqueue(handle.attach(new Operation(this, handle.toString(), next)));
    }

    /// Waits for one result, and lets follow what follows on it.
    void step() throws IOException {
      Result result = bus.dispatch();
      Operation operation = (Operation) Objects.requireNonNull(result.attachment());
      operation.take(result);
      bus.done(result);
    }

    /// Waits until each has had its last result, and no other.
    void awaitAll() throws IOException {
      while (bus.inFlight() > 0 || ended < begun) {
        step();
      }
      assertEquals(begun, ended, "last results");
      assertEquals(null, bus.dispatch(0), "a result of nobody");
    }
  }

  private final Book book;
  private final String name;
  private final Next next;
  private boolean ended;

  private Operation(Book book, String name, Next next) {
    this.book = book;
    this.name = name;
    this.next = next;
  }

  private void take(Result result) throws IOException {
    assertFalse(ended, () -> "a result after the last of " + name);
    ended = !result.hasMore();
    book.ended += ended ? 1 : 0;
    next.take(result);
  }
}
