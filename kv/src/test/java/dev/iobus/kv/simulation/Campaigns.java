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
import org.jspecify.annotations.Nullable;

/// Runs simulations side by side, one on each core. Stateless.
final class Campaigns {

  /// Every test of a campaign ends by then.
  private static final int HOURS_MAX = 12;

  /// For how long seeds are begun, each test by itself.
  private static final long SECONDS =
      Long.getLong("iobus.simulation.seconds", TimeUnit.HOURS.toSeconds(HOURS_MAX));

  private Campaigns() {}

  /// Runs `campaign` for each seed, as many of them as there is time for, and says with which one to
  /// go on. A store that fails says so, which is no news here.
  ///
  /// @return what the campaigns have returned, in order
  /// @throws AssertionError the first that a campaign has thrown
  @SuppressWarnings("SystemOut") // A campaign of a night is run in parts.
  static <T> List<T> run(int firstSeed, int seeds, Function<Integer, T> campaign) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    Logger busses = Logger.getLogger("dev.iobus");
    busses.setLevel(Level.OFF);
    ExecutorService threads =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<@Nullable T>> running = new ArrayList<>();
      for (int seed = firstSeed; seed < firstSeed + seeds; seed++) {
        int each = seed;
        running.add(
            threads.submit(() -> System.nanoTime() - end > 0 ? null : campaign.apply(each)));
      }
      List<T> results = new ArrayList<>();
      for (Future<@Nullable T> each : running) {
        T result = each.get(HOURS_MAX, TimeUnit.HOURS);
        if (result == null) {
          break; // None of those behind it was begun either.
        }
        results.add(result);
      }
      System.out.println(
          "seeds " + firstSeed + " to " + (firstSeed + results.size() - 1) + " of " + seeds
              + "; the next is -Diobus.simulation.seed=" + (firstSeed + results.size()));
      return results;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      threads.shutdownNow();
      busses.setLevel(null);
    }
  }
}
