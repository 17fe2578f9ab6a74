package dev.iobus.kv.simulation;

import dev.iobus.kv.Snapshot;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreFailedException;
import dev.iobus.kv.WriteBatch;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One of the clients of a store that is open: carries out its steps, checks what it is answered, and
/// tells the model.
///
/// Confined to its task.
final class Client {

  private final SimScheduler host;
  private final Store store;
  private final StoreFiles files;
  private final History history;
  private final StoreRun.Troubles troubles;
  private final int number;

  private @Nullable Snapshot snapshot;
  private @Nullable HistoryView takenAt;
  private History.@Nullable Found seenBySnapshot;

  Client(
      SimScheduler host,
      Store store,
      StoreFiles files,
      History history,
      StoreRun.Troubles troubles,
      int number) {
    this.host = host;
    this.store = store;
    this.files = files;
    this.history = history;
    this.troubles = troubles;
    this.number = number;
  }

  /// Takes the steps, but for those that open and close the store.
  ///
  /// @throws AssertionError when an answer is wrong
  void run(List<Step> steps) {
    try {
      for (int i = 0; i < steps.size() && !troubles.isDamaged(); i++) {
        try {
          run(steps.get(i));
          files.look(store, history);
        } catch (AssertionError | RuntimeException | IOException e) {
          throw new AssertionError(
              "step " + i + " of client " + number + ", " + steps.get(i), e);
        }
      }
    } finally {
      closeSnapshot();
    }
  }

  private void run(Step step) {
    switch (step) {
      case Step.Write write -> write(write);
      case Step.Flush() -> structurally(open -> open.flush());
      case Step.Compact() -> structurally(open -> open.compact());
      case Step.Sync() -> {
        int[] seen = history.seen();
        if (durably(open -> open.sync())) {
          history.durable(seen);
        }
      }
      case Step.Pause(Duration time) -> StoreRun.pause(host, time.toNanos());
      case Step.Read() -> ask(this::read);
      case Step.TakeSnapshot() -> takeSnapshot();
      case Step.Verify() -> ask(open -> open.verify());
      case Step.Reopen() -> throw new IllegalArgumentException("a client cannot " + step);
    }
    if (snapshot != null) {
      ask(this::readSnapshot);
    }
  }

  private interface Use {
    void of(Store store) throws IOException;
  }

  // What may fail.

  /// Something that the store may refuse because its disk fails, without any harm.
  private void ask(Use use) {
    try {
      use.of(store);
    } catch (IOException e) {
      troubles.met(e);
    }
  }

  /// Returns whether it was done. A store that has failed cannot.
  private boolean durably(Use use) {
    boolean failedBefore = troubles.hasFailed();
    try {
      use.of(store);
      require(!failedBefore, "a store that had failed took a write");
      return true;
    } catch (StoreFailedException e) {
      troubles.met(e);
      troubles.failed();
    } catch (IOException e) {
      troubles.met(e);
    }
    return false;
  }

  /// What was visible before is in tables afterwards.
  private void structurally(Use use) {
    int[] seen = history.seen();
    if (durably(use)) {
      history.inTables(seen);
    }
  }

  private void write(Step.Write write) {
    boolean failedBefore = troubles.hasFailed();
    int batch = history.begin(number, write.changes());
    try {
      write(batch, write);
      require(!failedBefore, "a store that had failed took a write");
      history.acknowledged(number, write.durability());
    } catch (StoreFailedException e) {
      troubles.met(e);
      troubles.failed();
      if (failedBefore) {
        history.refused(number);
      }
    } catch (IOException e) {
      troubles.met(e);
      history.refused(number);
    }
  }

  private void write(int batch, Step.Write write) throws IOException {
    List<Step.Change> changes = write.changes();
    if (changes.size() == 1 && write.durability() == Durability.SYNCED) {
      int key = changes.getFirst().key();
      if (changes.getFirst().isDelete()) {
        store.delete(Entries.key(key));
      } else {
        store.put(Entries.key(key), history.value(batch, key));
      }
      return;
    }
    WriteBatch entries = new WriteBatch();
    for (Step.Change change : changes) {
      byte[] key = Entries.key(change.key());
      if (change.isDelete()) {
        entries.delete(key);
      } else {
        entries.put(key, Entries.value(batch, change.key(), change.size()));
      }
    }
    store.write(entries, write.durability());
  }

  // What must be right.

  private void read(Store open) throws IOException {
    if (history.clients() == 1) {
      HistoryView view = history.view();
      view.checkSeen(Contents.of(open, history));
      return;
    }
    HistoryView before = history.view();
    try (Snapshot now = open.snapshot()) {
      before.until(history.view()).checkSeen(Contents.of(open, now, history));
    }
    if (!troubles.hasFailed()) {
      Contents.requireOwn(open, history, number, history.last(number));
    }
  }

  private void takeSnapshot() {
    closeSnapshot();
    if (!troubles.hasFailed()) {
      HistoryView before = history.view();
      snapshot = store.snapshot();
      takenAt = before.until(history.view());
    }
  }

  private void readSnapshot(Store open) throws IOException {
    History.Found found = Contents.of(open, Objects.requireNonNull(snapshot), history);
    History.Found first = seenBySnapshot;
    if (first == null) {
      Objects.requireNonNull(takenAt).checkSeen(found);
      seenBySnapshot = found;
    } else {
      require(found.equals(first), "a snapshot of " + first + " shows " + found);
    }
  }

  private void closeSnapshot() {
    if (snapshot != null) {
      snapshot.close();
      snapshot = null;
      takenAt = null;
      seenBySnapshot = null;
    }
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
