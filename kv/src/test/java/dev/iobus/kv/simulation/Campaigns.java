package dev.iobus.kv.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Runs simulations side by side, one on each core. Stateless.
final class Campaigns {

  /// Every test of a campaign ends by then.
  private static final int HOURS_MAX = 12;

  private Campaigns() {}

  /// Runs `campaign` for each seed. A bus that is left when its simulation ends says what it leaves
  /// in flight, which is no news here.
  ///
  /// @return what the campaigns have returned, in order
  /// @throws AssertionError the first that a campaign has thrown
  static <T> List<T> run(int firstSeed, int seeds, Function<Integer, T> campaign) throws Exception {
    Logger busses = Logger.getLogger("dev.iobus");
    busses.setLevel(Level.OFF);
    ExecutorService threads =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<T>> running = new ArrayList<>();
      for (int seed = firstSeed; seed < firstSeed + seeds; seed++) {
        int each = seed;
        running.add(threads.submit(() -> campaign.apply(each)));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> each : running) {
        results.add(each.get(HOURS_MAX, TimeUnit.HOURS));
      }
      return results;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      threads.shutdownNow();
      busses.setLevel(null);
    }
  }
}
