package dev.iobus.kv.simulation;

import dev.iobus.Scheduler;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A store on a simulated host, and what its clients do to it: opens and closes it, lets a [Client]
/// for each of them take its steps, and tells the model.
///
/// Confined to the root task of its simulation.
final class StoreRun {

  /// Where the store is on every simulated host.
  static final Path DIRECTORY = Path.of("/iobus-simulation/store");

  /// The size of every segment of the log, in bytes.
  static final int LOG_SEGMENT_BYTES = 64 << 10;

  private final SimScheduler host;
  private final History history;
  private final Troubles troubles;
  private final Lies lies;

  /// Whether a close flushes, waits until nothing is left to do, and looks at the files then.
  private boolean looksAtFiles;

  private @Nullable Store store;
  private @Nullable StoreFiles files;

  /// A store on a disk that tells the truth.
  StoreRun(SimScheduler host, History history, boolean mayFail) {
    this(host, history, mayFail, new Lies());
  }

  /// @param mayFail whether the disk may answer with errors
  /// @param lies what it says that is not so
  StoreRun(SimScheduler host, History history, boolean mayFail, Lies lies) {
    this.host = host;
    this.history = history;
    this.lies = lies;
    troubles = new Troubles(mayFail, lies);
  }

  /// Lets each close flush, wait until nothing is left to do, and look at the files then.
  void lookAtFiles() {
    looksAtFiles = true;
  }

  /// What the clients of a store have met.
  static final class Troubles {

    private final boolean mayFail;
    private final Lies lies;

    /// Whether the store has failed, so that it must refuse every write.
    private boolean failed;

    private boolean damaged;

    private Troubles(boolean mayFail, Lies lies) {
      this.mayFail = mayFail;
      this.lies = lies;
    }

    /// @throws AssertionError when it cannot be the disk's fault
    void met(IOException e) {
      boolean blames = DamageReport.isIn(e);
      if (blames ? !lies.wereTold() : !mayFail) {
        throw new AssertionError(
            blames ? "what is not damaged was reported so" : "a disk without faults failed", e);
      }
      damaged |= blames;
    }

    void failed() {
      failed = true;
    }

    boolean hasFailed() {
      return failed;
    }

    /// Whether damage was reported.
    boolean isDamaged() {
      return damaged;
    }
  }

  /// A disk for a store that is not there yet.
  static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Objects.requireNonNull(DIRECTORY.getParent()));
    return disk;
  }

  /// The least of everything, so that little is moved and much happens.
  static StoreOptions options(SimScheduler host) {
    return StoreOptions.defaults()
        .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
        .withMemtableBytes(64 << 10)
        .withLogSegmentBytes(LOG_SEGMENT_BYTES, LOG_SEGMENT_BYTES)
        .withScheduler(host);
  }

  static void pause(SimScheduler host, long nanos) {
    long end = host.nanoTime() + nanos;
    while (host.nanoTime() < end) {
      host.park(end);
    }
  }

  /// Lets the clients share all steps and closes the store. Where one is to open it again, the others
  /// end theirs first.
  ///
  /// @return whether the store was closed, and said that all is well
  /// @throws AssertionError when an answer is wrong
  boolean run(List<Step> steps) {
    List<Step> next = new ArrayList<>();
    for (Step step : steps) {
      if (step instanceof Step.Reopen) {
        if (!runPart(next) || !open(close() ? History.Kept.ALL : History.Kept.DURABLE)) {
          return false;
        }
        next.clear();
      } else {
        next.add(step);
      }
    }
    return runPart(next) && close();
  }

  private boolean runPart(List<Step> steps) {
    List<List<Step>> dealt = new ArrayList<>();
    for (int client = 0; client < history.clients(); client++) {
      dealt.add(Workload.deal(steps, client, history.clients()));
    }
    return runEach(dealt);
  }

  /// Lets each client take the steps that are its own, which have no [Step.Reopen].
  ///
  /// @return whether the store is open; false when it could not be opened, or damage was reported
  boolean runEach(List<List<Step>> steps) {
    if (store == null && !open(History.Kept.ALL)) {
      return false;
    }
    Store open = store();
    StoreFiles listed = Objects.requireNonNull(files);
    int[] running = {0};
    Scheduler.Task root = host.currentTask();
    for (int number = 0; number < steps.size(); number++) {
      List<Step> own = steps.get(number);
      Client client = new Client(host, open, listed, history, troubles, number);
      if (steps.size() == 1) {
        client.run(own);
      } else if (!own.isEmpty()) {
        running[0]++;
        host.start(
            "client",
            () -> {
              try {
                client.run(own);
              } finally {
                running[0]--;
                host.unpark(root);
              }
            });
      }
    }
    while (running[0] > 0) {
      host.park(Long.MAX_VALUE);
    }
    if (troubles.isDamaged()) {
      close();
      return false;
    }
    return true;
  }

  private Store store() {
    return Objects.requireNonNull(store, "the store is closed");
  }

  /// Whether damage was reported.
  boolean isDamaged() {
    return troubles.isDamaged();
  }

  /// Opens the store and checks what it holds. A fault may strike once: then it is tried again, as
  /// nothing may be left of the first time.
  ///
  /// @param kept how much of what was there must be there
  /// @return whether it is open
  boolean open(History.Kept kept) {
    for (int attempt = 0; attempt < 3 && !troubles.isDamaged(); attempt++) {
      try {
        StoreFiles listed = new StoreFiles(host.disk(), history.spent());
        Store open = Store.open(DIRECTORY, options(host));
        store = open;
        files = listed;
        troubles.failed = false;
        // The manifest that was written for this opening tells of all files that were there.
        history.spend(listed.look());
        History.Found found = Contents.of(open, history);
        history.settle(found, kept.or(lies.kept()));
        return true;
      } catch (IOException e) {
        troubles.met(e);
        giveUp();
      }
    }
    return false;
  }

  /// Closes a store that could not be read.
  private void giveUp() {
    try {
      Store open = store;
      store = null;
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      troubles.met(e);
    }
    requireNothingLeft(host);
  }

  /// Closes the store. Returns whether it said that all is well.
  boolean close() {
    boolean well = !troubles.hasFailed() && !troubles.isDamaged();
    Store open = store;
    store = null;
    try {
      if (open != null) {
        if (looksAtFiles && well) {
          open.flush();
          Recoveries.awaitQuiet(host, open);
          Objects.requireNonNull(files).requireOnlyLive(open.stats(), true);
        }
        open.close();
      }
      history.durableIf(well);
    } catch (IOException e) {
      troubles.met(e);
      well = false;
    }
    requireNothingLeft(host);
    return well;
  }

  /// Insists that everything was given back.
  static void requireNothingLeft(SimScheduler host) {
    for (int i = 0; i < 100 && host.tasks() > 1; i++) {
      host.yield(); // A client that has told its end has not ended yet.
    }
    List<String> left = host.leftovers();
    if (!left.isEmpty()) {
      throw new AssertionError(left + " are left");
    }
  }
}
