package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Threads that use a store are interrupted all the time. The story behind it: an interrupt
/// closes the `FileChannel` that the interrupted thread is using, and with it the store of
/// everybody else, unless no client thread ever touches a channel.
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {

  private static final int CLIENTS = 8;
  private static final long STORM_MILLIS = Long.getLong("iobus.storm.millis", 2_000);
  private static final int VALUE_BYTES = 300;

  /// Keys that a client goes round: more than the memtable and the cache hold together.
  private static final int KEYS = 4_000;

  @TempDir Path temporary;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void interruptsNeitherFailOperationsNorGetLost(BackendKind backend) throws Exception {
    ProofOptions.assumeAvailable(backend);
    Map<String, byte[]> expected = new TreeMap<>();
    List<Client> clients = new ArrayList<>();
    try (Store store = Store.open(temporary, ProofOptions.of(backend, Durability.WRITTEN))) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(new Client(i, store));
      }
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STORM_MILLIS);
      long storm = 0;
      while (System.nanoTime() < end) {
        for (Client client : clients) {
          client.thread.interrupt();
          storm++;
        }
        if (storm % (CLIENTS * 64) == 0) {
          Thread.sleep(1);
        }
      }
      for (Client client : clients) {
        requireNextInterruptIsSeen(client);
      }
      for (Client client : clients) {
        client.stop = true;
        client.thread.join();
        if (client.failure != null) {
          throw new AssertionError(client.thread + " failed", client.failure);
        }
        assertTrue(client.written > 0 && client.interrupts > 0, () -> client + " did nothing");
        client.addTo(expected);
      }
      assertNull(Contents.difference(expected, Contents.read(store)));
    }
    try (Store store = Store.open(temporary, ProofOptions.of(backend, Durability.WRITTEN))) {
      assertNull(Contents.difference(expected, Contents.read(store)), "after reopening");
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void flagThatIsSetBeforeACallIsSetAfterIt(BackendKind backend) throws Exception {
    ProofOptions.assumeAvailable(backend);
    try {
      Thread.currentThread().interrupt();
      Store store = Store.open(temporary, ProofOptions.of(backend, Durability.SYNCED));
      requireFlag("open");
      store.put(Contents.key("a"), new byte[] {1});
      requireFlag("put");
      assertArrayEquals(new byte[] {1}, store.get(Contents.key("a")));
      requireFlag("get");
      store.flush();
      requireFlag("flush");
      store.get(Contents.key("a"));
      requireFlag("get from a table");
      store.compact();
      requireFlag("compact");
      store.sync();
      requireFlag("sync");
      store.close();
      requireFlag("close");
    } finally {
      Thread.interrupted();
    }
  }

  private static void requireFlag(String after) {
    assertTrue(Thread.currentThread().isInterrupted(), () -> after + " has eaten the interrupt");
  }

  /// Interrupts once, when nobody else does, and waits until the client has seen it between two
  /// of its operations.
  private static void requireNextInterruptIsSeen(Client client) throws InterruptedException {
    // Interrupts of the storm that are still to be seen count as one.
    Thread.sleep(5);
    long before = client.interrupts;
    client.thread.interrupt();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (client.interrupts == before && client.failure == null) {
      assertTrue(System.nanoTime() < deadline, () -> client + " does not see its interrupt");
      Thread.sleep(1);
    }
  }

  /// A thread that writes and reads its own keys until it is told to stop.
  private static final class Client implements Runnable {

    private final int number;
    private final Store store;
    private final Thread thread;

    /// The number of the last operation on each key; 0 for none.
    private final int[] last = new int[KEYS];

    private volatile boolean stop;
    private volatile @Nullable Throwable failure;
    private volatile long interrupts;
    private volatile int written;

    Client(int number, Store store) {
      this.number = number;
      this.store = store;
      Thread.Builder builder = number % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
      this.thread = builder.name("client-" + number).start(this);
    }

    @Override
    public void run() {
      try {
        for (int i = 1; !stop; i++) {
          int key = i % KEYS;
          store.put(key(key), value(i));
          last[key] = i;
          written = i;
          seeInterrupt();
          int other = (int) (i * 2_654_435_761L % KEYS);
          requireValue(other, store.get(key(other)));
          seeInterrupt();
        }
      } catch (Throwable e) {
        failure = e;
      }
    }

    private void seeInterrupt() {
      if (Thread.interrupted()) {
        interrupts++;
      }
    }

    private void requireValue(int key, byte @Nullable [] found) throws IOException {
      byte[] expected = last[key] == 0 ? null : value(last[key]);
      if (!Arrays.equals(expected, found)) {
        throw new AssertionError("wrong value of key " + key + " of " + this);
      }
    }

    void addTo(Map<String, byte[]> expected) {
      for (int key = 0; key < KEYS; key++) {
        if (last[key] != 0) {
          expected.put(keyText(key), value(last[key]));
        }
      }
    }

    private byte[] key(int key) {
      return Contents.key(keyText(key));
    }

    private String keyText(int key) {
      return "c" + number + "/" + (key + 10_000);
    }

    private byte[] value(int operation) {
      byte[] value = new byte[VALUE_BYTES];
      ByteBuffer.wrap(value).putInt(number).putInt(operation);
      return value;
    }

    @Override
    public String toString() {
      return thread.getName() + " after " + written + " puts and " + interrupts + " interrupts";
    }
  }
}
