package dev.iobus.bench.workload;

import dev.iobus.bench.subject.Sync;
import java.util.Arrays;
import java.util.List;

/// What is done, under the names of db_bench (leveldb, rocksdb) and YCSB. Where a name stands for a
/// number of calls, an operation is one entry: `fillbatch`, `readseq`, `readreverse`,
/// `multireadrandom`.
public enum Workload {
  FILLSEQ("fillseq", Base.EMPTY, "every record once, in the order of the keys"),
  FILLRANDOM("fillrandom", Base.EMPTY, "every record once, in random order"),
  FILLBATCH("fillbatch", Base.EMPTY, "every record once, in order, in batches of 1,000"),
  FILLSYNC("fillsync", Base.EMPTY, "random records, each durable before the next"),
  OVERWRITE("overwrite", Base.COPY, "random records again"),
  UPDATERANDOM("updaterandom", Base.COPY, "read a random record, then write it"),
  DELETERANDOM("deleterandom", Base.COPY, "delete random records"),
  READSEQ("readseq", Base.LOADED, "walk forward, 10,000 entries a cursor"),
  READREVERSE("readreverse", Base.LOADED, "walk backward, 10,000 entries a cursor"),
  READRANDOM("readrandom", Base.LOADED, "get random records"),
  READMISSING("readmissing", Base.LOADED, "get keys between those of records"),
  READHOT("readhot", Base.LOADED, "get random records of a hundredth of all"),
  MULTIREADRANDOM("multireadrandom", Base.LOADED, "get 32 random records at a time"),
  SEEKRANDOM("seekrandom", Base.LOADED, "seek a random record and walk on; see --nexts"),
  READWHILEWRITING("readwhilewriting", Base.COPY, "get random records beside one writer"),
  SEEK_AFTER_DELETE("seek-after-delete", Base.COPY, "seek where a range was just deleted"),
  OPEN_AFTER_CRASH("open-after-crash", Base.CRASHED, "open what a killed writer left"),
  COMPACT("compact", Base.COPY, "merge all after a third was overwritten"),
  YCSB_A("ycsb-a", Base.COPY, "50 % reads, 50 % updates, zipfian"),
  YCSB_B("ycsb-b", Base.COPY, "95 % reads, 5 % updates, zipfian"),
  YCSB_C("ycsb-c", Base.LOADED, "reads, zipfian"),
  YCSB_D("ycsb-d", Base.COPY, "95 % reads of the latest, 5 % inserts"),
  YCSB_E("ycsb-e", Base.COPY, "95 % walks of 1 to 100 entries, 5 % inserts, zipfian"),
  YCSB_F("ycsb-f", Base.COPY, "50 % reads, 50 % read-modify-writes, zipfian"),
  /// Prepares [Base#LOADED]; not for the command line.
  LOAD("load", Base.EMPTY, "every record once, in random order, then merge all"),
  /// Prepares [Base#CRASHED]; not for the command line.
  CRASH("crash", Base.EMPTY, "write and die");

  private final String label;
  private final Base base;
  private final String description;

  Workload(String label, Base base, String description) {
    this.label = label;
    this.base = base;
    this.description = description;
  }

  /// The name on the command line and in results.
  public String label() {
    return label;
  }

  public Base base() {
    return base;
  }

  /// What it does, in a few words.
  public String description() {
    return description;
  }

  /// Those that a user may choose.
  public static List<Workload> choices() {
    return Arrays.stream(values()).filter(w -> w != LOAD && w != CRASH).toList();
  }

  /// What its writes wait for, unless the user says otherwise.
  public Sync usualSync() {
    return this == FILLSYNC ? Sync.SYNCED : Sync.WRITTEN;
  }

  /// Whether any of its measured operations writes.
  public boolean writes() {
    return switch (this) {
      case FILLSEQ, FILLRANDOM, FILLBATCH, FILLSYNC, OVERWRITE, UPDATERANDOM, DELETERANDOM,
          READWHILEWRITING, COMPACT, YCSB_A, YCSB_B, YCSB_D, YCSB_E, YCSB_F, LOAD, CRASH ->
          true;
      case READSEQ, READREVERSE, READRANDOM, READMISSING, READHOT, MULTIREADRANDOM, SEEKRANDOM,
          SEEK_AFTER_DELETE, OPEN_AFTER_CRASH, YCSB_C ->
          false;
    };
  }

  /// Whether it ends when all is done once; others go on until the time is over.
  public boolean endsByItself() {
    return switch (this) {
      case FILLSEQ, FILLRANDOM, FILLBATCH, OPEN_AFTER_CRASH, COMPACT, LOAD, CRASH -> true;
      case FILLSYNC, OVERWRITE, UPDATERANDOM, DELETERANDOM, READSEQ, READREVERSE, READRANDOM,
          READMISSING, READHOT, MULTIREADRANDOM, SEEKRANDOM, READWHILEWRITING, SEEK_AFTER_DELETE,
          YCSB_A, YCSB_B, YCSB_C, YCSB_D, YCSB_E, YCSB_F ->
          false;
    };
  }

  /// Whether the latency of a step is that of what a user would call an operation.
  public boolean hasLatencies() {
    return this != READSEQ && this != READREVERSE;
  }
}
