package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Those who call a bus side by side, and the first thing that went wrong in one of them.
///
/// Confined to the thread or task of the test.
public final class Callers {

  private static final long LIMIT_MILLIS = 50_000;

  /// What a bus takes a caller for.
  public enum Kind {
    VIRTUAL,
    PLATFORM;

    /// Each of them in turn.
    static Kind alternating(int index) {
      return index % 2 == 0 ? VIRTUAL : PLATFORM;
    }
  }

  /// What a caller does; whatever it throws is a failure.
  public interface Body {
    void run() throws Exception;
  }

  /// One of them.
  interface Caller {

    boolean isAlive();

    void interrupt();

    /// Waits for its end, at the most so long.
    void join(long millis) throws InterruptedException;
  }

  /// Where callers run.
  interface Place {

    /// As threads of this machine.
    Place THREADS =
        new Place() {
          @Override
          public Caller start(Kind kind, Runnable body) {
            return new ThreadCaller(
                (kind == Kind.VIRTUAL ? Thread.ofVirtual() : Thread.ofPlatform()).start(body));
          }

          @Override
          public void pause(long nanos) throws InterruptedException {
            Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
          }
        };

    Caller start(Kind kind, Runnable body);

    void pause(long nanos) throws InterruptedException;
  }

  private record ThreadCaller(Thread thread) implements Caller {

    @Override
    public boolean isAlive() {
      return thread.isAlive();
    }

    @Override
    public void interrupt() {
      thread.interrupt();
    }

    @Override
    public void join(long millis) throws InterruptedException {
      thread.join(millis);
    }
  }

  private final Place place;
  private final List<Caller> callers = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  public Callers() {
    this(Place.THREADS);
  }

  Callers(Place place) {
    this.place = place;
  }

  public void start(Kind kind, Body body) {
    callers.add(
        place.start(
            kind,
            () -> {
              try {
                body.run();
              } catch (Throwable t) {
                failure.compareAndSet(null, t);
              }
            }));
  }

  public boolean hasFailed() {
    return failure.get() != null;
  }

  public void startVirtual(Body body) {
    start(Kind.VIRTUAL, body);
  }

  public void startPlatform(Body body) {
    start(Kind.PLATFORM, body);
  }

  /// Interrupts all of them again and again until the last has ended.
  public void interruptUntilTheyEnd() throws InterruptedException {
    while (callers.stream().anyMatch(Caller::isAlive)) {
      callers.forEach(Caller::interrupt);
      place.pause(100_000);
    }
  }

  /// Waits for all that were started, none of which may have failed.
  public void await() throws InterruptedException {
    for (Caller caller : callers) {
      caller.join(LIMIT_MILLIS);
      assertFalse(caller.isAlive(), () -> caller + " does not end");
    }
    callers.clear();
    Throwable first = failure.get();
    assertNull(first, () -> "a caller failed: " + first);
  }
}
