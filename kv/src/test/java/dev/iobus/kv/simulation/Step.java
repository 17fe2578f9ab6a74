package dev.iobus.kv.simulation;

import dev.iobus.storage.wal.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What a client does to a store. Immutable.
public sealed interface Step {

  /// The same for a client that has keys of its own.
  default Step of(int client, int clients) {
    return this;
  }

  /// One key of a batch.
  ///
  /// @param size bytes of its value; [#DELETE] removes the key
  record Change(int key, int size) {

    static final int DELETE = -1;

    boolean isDelete() {
      return size == DELETE;
    }
  }

  /// A batch, or a put or delete alone.
  record Write(List<Change> changes, Durability durability) implements Step {

    @Override
    public Step of(int client, int clients) {
      List<Change> own = new ArrayList<>();
      for (Change change : changes) {
        own.add(new Change(Entries.own(change.key(), client, clients), change.size()));
      }
      return new Write(List.copyOf(own), durability);
    }
  }

  /// What is in memory becomes a table.
  record Flush() implements Step {}

  /// All tables become one.
  record Compact() implements Step {}

  /// Everything that is visible becomes durable.
  record Sync() implements Step {}

  /// Close and open.
  record Reopen() implements Step {}

  /// Nothing happens for so long.
  record Pause(Duration time) implements Step {}

  /// Everything is read in every way.
  record Read() implements Step {}

  /// A snapshot that is read after each later step, until the store is closed.
  record TakeSnapshot() implements Step {}

  /// A table is checked block for block.
  record Verify() implements Step {}
}
