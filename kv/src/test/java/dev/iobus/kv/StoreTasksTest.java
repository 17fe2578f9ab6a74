package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.Scheduler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTasksTest {

  @TempDir Path directory;

  /// A host that has no thread left for tasks of that name.
  private static Scheduler without(String task) {
    return (Scheduler)
        Proxy.newProxyInstance(
            Scheduler.class.getClassLoader(),
            new Class<?>[] {Scheduler.class},
            (self, method, arguments) -> {
              if (method.getName().equals("start") && arguments[0].equals(task)) {
                throw new OutOfMemoryError("unable to create native thread, planned by a test");
              }
              try {
                return method.invoke(Scheduler.system(), arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// A store that got no thread for its second task was not opened, and the first one ran on with
  /// memory that had been freed.
  @ParameterizedTest
  @ValueSource(strings = {"store-flush", "store-compact", "wal-watch"})
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void storeThatGetsNoThreadIsNotOpened(String task) throws Exception {
    StoreOptions options = StoreOptions.defaults();
    byte[] key = task.getBytes(UTF_8);
    try (Store store = Store.open(directory, options)) {
      store.put(key, key);
    }
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    assertThrows(
        OutOfMemoryError.class, () -> Store.open(directory, options.withScheduler(without(task))));
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      boolean mayBeOurs =
          thread.getName().startsWith("store-") || thread.getName().startsWith("wal-");
      assertFalse(mayBeOurs && !before.contains(thread), thread::getName);
    }
    try (Store store = Store.open(directory, options)) {
      assertArrayEquals(key, store.get(key));
    }
  }
}
