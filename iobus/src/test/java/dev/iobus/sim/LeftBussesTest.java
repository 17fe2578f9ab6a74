package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.Pages;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Busses that are open when their simulation ends.
///
/// Each of them stayed in memory for ever, with its handles and pools, and said that it leaks memory
/// to a kernel that is no more. A night of simulations took gigabytes by that, and every campaign had
/// to silence the log.
@Timeout(60)
final class LeftBussesTest {

  private static final int SEEDS = 10;

  /// What a host has open, seen without keeping it.
  private final List<WeakReference<Object>> busses = new ArrayList<>();

  private final List<String> told = new CopyOnWriteArrayList<>();

  private int waiting;

  @Test
  void theyAreNoLeak() throws Exception {
    Logger logger = Logger.getLogger("dev.iobus");
    Handler handler = listener();
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      for (int seed = 0; seed < SEEDS; seed++) {
        leaveBusses(seed);
      }
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
    assertEquals(List.of(), told);
    assertEquals(2 * SEEDS, busses.size());
    for (int i = 0; i < 200 && inMemory() > 0; i++) {
      System.gc();
      Thread.sleep(5);
    }
    assertEquals(0, inMemory());
  }

  private long inMemory() {
    return busses.stream().filter(bus -> bus.get() != null).count();
  }

  private Handler listener() {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        told.add(record.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  private void leaveBusses(int seed) {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/left"));
    SimScheduler host = new SimScheduler(seed, disk);
    BusOptions options = BusOptions.defaults().withScheduler(host).withCapacity(4);
    waiting = 0;
    host.run(
        () -> {
          host.start("owner", () -> waitAlone(options));
          host.start("caller", () -> syncForEver(options));
          while (waiting < 2) {
            host.yield();
          }
        });
  }

  private void waitAlone(BusOptions options) {
    try (Bus bus = Bus.open(options)) {
      busses.add(new WeakReference<>(bus));
      bus.newPool(2, 1 << 16);
      bus.newBuffer(4096, Pages.NORMAL);
      bus.submit(bus.timeout(Duration.ofHours(1)));
      waiting++;
      bus.dispatch();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void syncForEver(BusOptions options) {
    try (SharedBus bus = SharedBus.open(options)) {
      busses.add(new WeakReference<>(bus));
      OpenFile file = bus.open(Path.of("/left/file"), OpenFlag.CREATE, OpenFlag.WRITE);
      waiting++;
      while (waiting > 0) {
        bus.dataSync(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
