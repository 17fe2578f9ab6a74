package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.WriteBatch;
import dev.iobus.kv.proof.Workload.Change;
import dev.iobus.storage.wal.Durability;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The main class of every child JVM. The first argument says what to do, the second is the
/// store's directory, the third the backend or `auto`.
///
/// - `write`: opens the store and performs the [Workload] with all writers until it is killed;
///   takes the numbers to start after, and the permission to begin, from standard input.
/// - `open`: opens the store, likewise on a line of standard input, and waits to be killed.
/// - `smoke`: writes, reads, closes, reopens and reads; exit code 0 when all was right.
/// - `try`: opens the store, and prints what came of it.
///
/// A child whose standard input ends goes away at once: its parent is dead.
final class StoreChild {

  private static final int SMOKE_KEYS = 200;
  private static final int SMOKE_VALUE_BYTES = 600;

  private static final FileOutputStream OUTPUT = new FileOutputStream(FileDescriptor.out);
  private static final ReentrantLock OUTPUT_LOCK = new ReentrantLock();
  private static final BufferedReader INPUT =
      new BufferedReader(new InputStreamReader(System.in, UTF_8));

  private StoreChild() {}

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[1]);
    BackendKind backend = backend(arguments[2]);
    Durability durability =
        arguments.length > 3 ? Durability.valueOf(arguments[3]) : Durability.SYNCED;
    StoreOptions options = ProofOptions.of(backend, durability);
    switch (arguments[0]) {
      case "write" -> write(directory, options);
      case "open" -> open(directory, options);
      case "smoke" -> smoke(directory, options);
      case "try" -> tryOpen(directory, options);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  static String argument(@Nullable BackendKind backend) {
    return backend == null ? "auto" : backend.name();
  }

  private static @Nullable BackendKind backend(String argument) {
    return argument.equals("auto") ? null : BackendKind.valueOf(argument);
  }

  private static void write(Path directory, StoreOptions options) throws IOException {
    String[] numbers = INPUT.readLine().strip().split(" ");
    Store store = Store.open(directory, options);
    acknowledge(Child.OPENED);
    for (int w = 0; w < Workload.WRITERS; w++) {
      int writer = w;
      long after = Long.parseLong(numbers[w]);
      // Half of the writers are virtual threads: they share the store with platform threads.
      Thread.Builder builder = w % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
      builder.name("writer-" + w).start(() -> writeForever(store, writer, after));
    }
    awaitEndOfInput();
  }

  private static void writeForever(Store store, int writer, long after) {
    try {
      for (long number = after + 1; ; number++) {
        perform(store, Workload.operation(writer, number));
        acknowledge(Child.acknowledgement(writer, number));
      }
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(4);
    }
  }

  private static void perform(Store store, List<Change> changes) throws IOException {
    if (changes.size() == 1) {
      Change change = changes.getFirst();
      byte[] value = change.value();
      if (value == null) {
        store.delete(Contents.key(change.key()));
      } else {
        store.put(Contents.key(change.key()), value);
      }
      return;
    }
    WriteBatch batch = new WriteBatch();
    for (Change change : changes) {
      byte[] value = change.value();
      if (value == null) {
        batch.delete(Contents.key(change.key()));
      } else {
        batch.put(Contents.key(change.key()), value);
      }
    }
    store.write(batch);
  }

  private static void acknowledge(long acknowledgement) throws IOException {
    byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(acknowledgement).array();
    OUTPUT_LOCK.lock();
    try {
      OUTPUT.write(bytes);
    } finally {
      OUTPUT_LOCK.unlock();
    }
  }

  private static void open(Path directory, StoreOptions options) throws IOException {
    INPUT.readLine();
    // Kept reachable by the threads that it has started, as a user's store would be.
    Store store = Store.open(directory, options);
    acknowledge(Child.OPENED);
    awaitEndOfInput();
    store.close();
  }

  private static void awaitEndOfInput() throws IOException {
    while (INPUT.read() >= 0) {
      // What the parent says no longer matters, only that it is there.
    }
    Runtime.getRuntime().halt(3);
  }

  private static void smoke(Path directory, StoreOptions options) throws IOException {
    TreeMap<String, byte[]> expected = new TreeMap<>();
    try (Store store = Store.open(directory, options)) {
      System.out.println("backend=" + store.stats().backend());
      System.out.println("reason=" + store.stats().backendReason());
      fill(store, expected, "a");
      store.flush();
      fill(store, expected, "b");
      requireContents(store, expected);
    }
    try (Store store = Store.open(directory, options)) {
      requireContents(store, expected);
      System.out.println("entries=" + expected.size());
    }
  }

  private static void fill(Store store, Map<String, byte[]> expected, String prefix)
      throws IOException {
    for (int i = 0; i < SMOKE_KEYS; i++) {
      String key = String.format(Locale.ROOT, "%s%05d", prefix, i);
      byte[] value = key.repeat(SMOKE_VALUE_BYTES / key.length()).getBytes(UTF_8);
      store.put(Contents.key(key), value);
      expected.put(key, value);
    }
  }

  private static void requireContents(Store store, Map<String, byte[]> expected)
      throws IOException {
    String difference = Contents.difference(expected, Contents.read(store));
    if (difference != null) {
      throw new AssertionError(difference);
    }
  }

  private static void tryOpen(Path directory, StoreOptions options) throws IOException {
    long start = System.nanoTime();
    try (Store store = Store.open(directory, options)) {
      System.out.println("opened=true");
      System.out.println("backend=" + store.stats().backend());
    } catch (IOException e) {
      System.out.println("opened=false");
      System.out.println("failure=" + e.getClass().getName());
      System.out.println("message=" + String.valueOf(e.getMessage()).replace('\n', ' '));
    }
    System.out.println("millis=" + (System.nanoTime() - start) / 1_000_000);
  }
}
