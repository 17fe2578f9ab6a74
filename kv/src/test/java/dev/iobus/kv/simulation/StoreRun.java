package dev.iobus.kv.simulation;

import dev.iobus.kv.Snapshot;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreFailedException;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.WriteBatch;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A client of a store on a simulated host: carries out the steps of a workload, checks what it is
/// answered, and tells the model.
///
/// Confined to the root task of its simulation.
final class StoreRun {

  /// Where the store is on every simulated host.
  static final Path DIRECTORY = Path.of("/iobus-simulation/store");

  private final SimScheduler host;
  private final History history;

  /// Whether the disk may answer with errors.
  private final boolean mayFail;

  private @Nullable Store store;
  private @Nullable Snapshot snapshot;
  private int[] seenBySnapshot = {};

  /// Whether the store has failed, so that it must refuse every write.
  private boolean failed;

  StoreRun(SimScheduler host, History history, boolean mayFail) {
    this.host = host;
    this.history = history;
    this.mayFail = mayFail;
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
        .withLogSegmentBytes(64 << 10, 64 << 10)
        .withScheduler(host);
  }

  /// Carries out all steps, and closes the store.
  ///
  /// @return whether the store was closed, and said that all is well
  /// @throws AssertionError when an answer is wrong
  boolean run(List<Step> steps) {
    for (int i = 0; i < steps.size(); i++) {
      try {
        if (!run(steps.get(i))) {
          return false;
        }
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("step " + i + ", " + steps.get(i), e);
      }
    }
    return close();
  }

  /// Returns false when the store cannot be opened any more.
  private boolean run(Step step) {
    if (store == null && !open(true)) {
      return false;
    }
    switch (step) {
      case Step.Write write -> write(write);
      case Step.Flush() -> durably(open -> open.flush());
      case Step.Compact() -> durably(open -> open.compact());
      case Step.Sync() -> durably(open -> open.sync());
      case Step.Reopen() -> {
        return open(close());
      }
      case Step.Pause(int millis) -> pause(millis);
      case Step.Read() -> {}
      case Step.TakeSnapshot() -> takeSnapshot();
      case Step.Verify() -> ask(open -> open.verify());
    }
    if (step instanceof Step.Read) {
      ask(this::read);
    }
    if (snapshot != null) {
      ask(this::readSnapshot);
    }
    return true;
  }

  private interface Use {
    void of(Store store) throws IOException;
  }

  private Store store() {
    return Objects.requireNonNull(store, "the store is closed");
  }

  // What may fail.

  /// Something that the store may refuse because its disk fails, without any harm.
  private void ask(Use use) {
    try {
      use.of(store());
    } catch (IOException e) {
      requireFault(e);
    }
  }

  /// What was visible before is durable afterwards.
  private void durably(Use use) {
    boolean failedBefore = failed;
    try {
      use.of(store());
      require(!failedBefore, "a store that had failed took a write");
      history.durable();
    } catch (StoreFailedException e) {
      requireFault(e);
      failed = true;
    } catch (IOException e) {
      requireFault(e);
    }
  }

  private void write(Step.Write write) {
    boolean failedBefore = failed;
    int number = history.begin(write.changes());
    try {
      write(number, write);
      require(!failedBefore, "a store that had failed took a write");
      history.acknowledged(write.durability());
    } catch (StoreFailedException e) {
      requireFault(e);
      failed = true;
      if (failedBefore) {
        history.refused();
      }
    } catch (IOException e) {
      requireFault(e);
      history.refused();
    }
  }

  private void write(int number, Step.Write write) throws IOException {
    List<Step.Change> changes = write.changes();
    if (changes.size() == 1 && write.durability() == Durability.SYNCED) {
      int key = changes.getFirst().key();
      if (changes.getFirst().isDelete()) {
        store().delete(Entries.key(key));
      } else {
        store().put(Entries.key(key), history.value(number, key));
      }
      return;
    }
    WriteBatch batch = new WriteBatch();
    for (Step.Change change : changes) {
      byte[] key = Entries.key(change.key());
      if (change.isDelete()) {
        batch.delete(key);
      } else {
        batch.put(key, Entries.value(number, change.key(), change.size()));
      }
    }
    store().write(batch, write.durability());
  }

  private void requireFault(IOException e) {
    boolean blames = e instanceof CorruptionException || e instanceof FormatVersionException;
    if (!mayFail || blames) {
      throw new AssertionError(
          blames ? "what is not damaged was reported so" : "a disk without faults failed", e);
    }
  }

  // What must be right.

  private void read(Store open) throws IOException {
    int[] state = Contents.of(open, history);
    require(
        Arrays.equals(state, history.last()) || (failed && isWithoutLast(state)),
        "the store shows " + Arrays.toString(state) + ", not " + Arrays.toString(history.last()));
  }

  /// A store that failed in a write shows it or does not.
  private boolean isWithoutLast(int[] state) {
    return Arrays.equals(state, history.beforeLast());
  }

  private void takeSnapshot() {
    if (snapshot != null) {
      snapshot.close();
      snapshot = null;
    }
    if (!failed) {
      snapshot = store().snapshot();
      seenBySnapshot = history.last();
    }
  }

  private void readSnapshot(Store open) throws IOException {
    int[] state = Contents.of(open, Objects.requireNonNull(snapshot), history);
    require(
        Arrays.equals(state, seenBySnapshot),
        "a snapshot of " + Arrays.toString(seenBySnapshot) + " shows " + Arrays.toString(state));
  }

  private void pause(int millis) {
    long end = host.nanoTime() + millis * 1_000_000L;
    while (host.nanoTime() < end) {
      host.park(end);
    }
  }

  // Life.

  /// Opens the store and checks what it holds. A fault may strike once: then it is tried again, as
  /// nothing may be left of the first time.
  ///
  /// @param closed whether the store was closed before, or never there
  /// @return whether it is open
  boolean open(boolean closed) {
    for (int attempt = 0; attempt < 3; attempt++) {
      try {
        Store open = Store.open(DIRECTORY, options(host));
        store = open;
        failed = false;
        history.settle(Contents.of(open, history), closed);
        return true;
      } catch (IOException e) {
        requireFault(e);
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
      requireFault(e);
    }
    requireNothingOpen();
  }

  /// Closes the store. Returns whether it said that all is well.
  boolean close() {
    boolean well = !failed;
    Store open = store;
    store = null;
    try {
      if (snapshot != null) {
        snapshot.close();
        snapshot = null;
      }
      if (open != null) {
        open.close();
      }
      history.durableIf(well);
    } catch (IOException e) {
      requireFault(e);
      well = false;
    }
    requireNothingOpen();
    return well;
  }

  private void requireNothingOpen() {
    require(host.openFiles() == 0, host.openPaths() + " are left open");
    require(host.tasks() == 1, host.tasks() - 1 + " tasks are left");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
