package dev.iobus.backend;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A `Selector` that one thread waits at, and that every thread can make let go of closed channels.
///
/// Thread-safe, but for [#await] and [#found], which belong to the selector thread.
final class NioPoller {

  private final Selector selector;

  /// Held by who makes the selector let go of channels, so that its thread does not begin another
  /// wait before that is done.
  private final ReentrantLock gate = new ReentrantLock();

  // Owned by the selector thread.
  private final List<NioWaits> found = new ArrayList<>();

  NioPoller() throws IOException {
    selector = Selector.open();
  }

  Selector selector() {
    return selector;
  }

  void wakeup() {
    selector.wakeup();
  }

  /// Has it let go of a channel at the next [#flush()]. Returns whether it knew it.
  boolean cancel(SelectableChannel channel) {
    SelectionKey key = channel.keyFor(selector);
    if (key != null) {
      key.cancel();
    }
    return key != null;
  }

  /// Lets go of cancelled and of closed channels: a descriptor is not closed while a selector knows it.
  void flush() {
    gate.lock();
    try {
      selector.wakeup();
      selector.selectNow(key -> {}); // Whoever is ready is found again by the next wait.
      selector.wakeup(); // The one just used up may have been meant for the thread.
    } catch (IOException | ClosedSelectorException e) {
      // Closed meanwhile, and with it all that it knew; a failure shows itself to the thread.
    } finally {
      gate.unlock();
    }
  }

  /// Waits until a socket is ready, the time has passed or [#wakeup()] was called. Returns why it
  /// cannot.
  ///
  /// @param millis 0 for ever, negative not at all
  @SuppressWarnings("LockNotBeforeTry") // Nothing is done under it: it only lets others through.
  @Nullable IOException await(long millis) {
    gate.lock();
    gate.unlock();
    Thread.interrupted(); // Nobody knows this thread; a stray interrupt would end each wait.
    try {
      if (millis < 0) {
        selector.selectNow(this::find);
      } else {
        selector.select(this::find, millis);
      }
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private void find(SelectionKey key) {
    if (key.attachment() instanceof NioWaits waits && key.isValid()) {
      waits.ready = key.readyOps();
      found.add(waits);
    }
  }

  /// What the last waits have found ready; to be cleared by the caller.
  List<NioWaits> found() {
    return found;
  }

  void close() {
    try {
      selector.close();
    } catch (IOException e) {
      System.getLogger("dev.iobus")
          .log(System.Logger.Level.WARNING, "closing a selector failed", e);
    }
  }
}
