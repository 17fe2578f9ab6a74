package dev.iobus.kv.compaction;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.MergingCursor;
import dev.iobus.kv.version.LevelCursor;
import dev.iobus.kv.version.ReadMode;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.TableOutput;
import dev.iobus.kv.version.VersionEdit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Merges the inputs of a plan into new tables of the output level, without what nobody can see any
/// more. Confined to one task.
///
/// Invariants:
/// 1. All versions of a user key go to one table, so tables of a level never share a key.
/// 2. A deletion is dropped only at the deepest place where its key can be.
public final class Compaction {

  /// Entries between two looks at whether to stop.
  private static final int ENTRIES_PER_LOOK = 256;

  private final CompactionPlan plan;
  private final TableFiles files;
  private final LevelSizes sizes;
  private final BooleanSupplier stops;
  private final Retention retention;

  private int runCount;
  private final List<Table> outputs = new ArrayList<>();
  private @Nullable TableOutput output;

  /// @param boundaries see [Retention]
  /// @param stops asked now and then; true ends the compaction without a result
  public Compaction(
      CompactionPlan plan,
      TableFiles files,
      LevelSizes sizes,
      long[] boundaries,
      BooleanSupplier stops) {
    this.plan = plan;
    this.files = files;
    this.sizes = sizes;
    this.stops = stops;
    this.retention = new Retention(boundaries);
  }

  /// Does the work and returns the edit that makes it count, or null when it was stopped. The new
  /// tables, [#outputs()], are open and durable, but nothing refers to them yet. After an exception
  /// and after a stop nothing of them is left.
  public @Nullable VersionEdit run() throws IOException {
    return switch (plan.kind()) {
      case MOVE -> move();
      case MERGE -> merge();
    };
  }

  /// How many tables were read at the same time; 0 before [#run()] and after a move.
  public int runCount() {
    return runCount;
  }

  /// The tables that the edit adds.
  public List<Table> outputs() {
    return outputs;
  }

  /// Those of [#outputs()] that are new, and not inputs at another level.
  public List<Table> made() {
    return switch (plan.kind()) {
      case MOVE -> List.of();
      case MERGE -> outputs;
    };
  }

  private VersionEdit move() {
    VersionEdit edit = new VersionEdit();
    for (Table table : plan.inputs()) {
      Table moved = table.atLevel(plan.outputLevel());
      edit.remove(table.info().number()).add(moved.info());
      outputs.add(moved);
    }
    return edit;
  }

  private @Nullable VersionEdit merge() throws IOException {
    boolean done = false;
    try (EntryCursor entries = entries()) {
      done = write(entries);
    } finally {
      if (!done) {
        abandon();
      }
    }
    if (!done) {
      return null;
    }
    VersionEdit edit = new VersionEdit();
    for (Table table : plan.inputs()) {
      edit.remove(table.info().number());
    }
    for (Table table : outputs) {
      edit.add(table.info());
    }
    return edit;
  }

  /// The inputs as one walk. Tables that do not overlap are read one behind the other, also those
  /// of level 0: each cursor that is open takes buffers for its largest block.
  private EntryCursor entries() {
    List<Table> byKey = new ArrayList<>(plan.inputs());
    byKey.sort(
        (a, b) -> InternalKey.compareKeys(a.info().smallest().key(), b.info().smallest().key()));
    List<List<Table>> runs = new ArrayList<>();
    for (Table table : byKey) {
      runFor(table, runs).add(table);
    }
    runCount = runs.size();
    EntryCursor[] cursors = new EntryCursor[runCount];
    for (int i = 0; i < cursors.length; i++) {
      cursors[i] = new LevelCursor(runs.get(i), ReadMode.ONCE);
    }
    return new MergingCursor(cursors);
  }

  /// The first run that ends before the table begins, or a new one.
  private static List<Table> runFor(Table table, List<List<Table>> runs) {
    for (List<Table> run : runs) {
      MemorySegment end = run.getLast().info().largest().key();
      if (InternalKey.compareKeys(end, table.info().smallest().key()) < 0) {
        return run;
      }
    }
    List<Table> run = new ArrayList<>();
    runs.add(run);
    return run;
  }

  private boolean write(EntryCursor entries) throws IOException {
    boolean nothingOlder = false;
    int left = ENTRIES_PER_LOOK;
    for (entries.seekToFirst(); entries.isValid(); entries.next()) {
      if (--left == 0) {
        if (stops.getAsBoolean()) {
          return false;
        }
        left = ENTRIES_PER_LOOK;
      }
      MemorySegment key = entries.key();
      boolean isNewKey = retention.isNewKey(key);
      if (isNewKey) {
        nothingOlder = !plan.version().mayHoldBelow(plan.outputLevel(), key);
        finishIfFull();
      }
      if (retention.keeps(key, entries.tag(), isNewKey, nothingOlder)) {
        current().add(key, entries.tag(), entries.value());
      }
    }
    finish();
    files.syncDirectory();
    return true;
  }

  private TableOutput current() throws IOException {
    TableOutput open = output;
    if (open == null) {
      open = files.create(plan.outputLevel());
      output = open;
    }
    return open;
  }

  private void finishIfFull() throws IOException {
    if (output != null && output.bytes() >= sizes.tableBytes()) {
      finish();
    }
  }

  private void finish() throws IOException {
    TableOutput open = output;
    if (open != null) {
      outputs.add(open.finish());
      output = null;
    }
  }

  private void abandon() {
    if (output != null) {
      output.abandon();
      output = null;
    }
    for (Table table : outputs) {
      files.discard(table);
    }
    outputs.clear();
  }
}
