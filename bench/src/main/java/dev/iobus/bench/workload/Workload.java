package dev.iobus.bench.workload;

import dev.iobus.bench.subject.Sync;
import java.util.Arrays;
import java.util.List;

/// What is done, under the names of db_bench (leveldb, rocksdb) and YCSB. Where a name stands for a
/// number of calls, an operation is one entry: `fillbatch`, `readseq`, `readreverse`,
/// `multireadrandom`.
public enum Workload {
  FILLSEQ("fillseq", Preload.EMPTY, "every record once, in the order of the keys"),
  FILLRANDOM("fillrandom", Preload.EMPTY, "every record once, in random order"),
  FILLBATCH("fillbatch", Preload.EMPTY, "every record once, in order, in batches of 1,000"),
  FILLSYNC("fillsync", Preload.EMPTY, "random records, each durable before the next"),
  OVERWRITE("overwrite", Preload.COPY, "random records again"),
  UPDATERANDOM("updaterandom", Preload.COPY, "read a random record, then write it"),
  DELETERANDOM("deleterandom", Preload.COPY, "delete random records"),
  READSEQ("readseq", Preload.LOADED, "walk forward, 10,000 entries a cursor"),
  READREVERSE("readreverse", Preload.LOADED, "walk backward, 10,000 entries a cursor"),
  READRANDOM("readrandom", Preload.LOADED, "get random records"),
  READMISSING("readmissing", Preload.LOADED, "get keys between those of records"),
  READHOT("readhot", Preload.LOADED, "get random records of a hundredth of all"),
  MULTIREADRANDOM("multireadrandom", Preload.LOADED, "get 32 random records at a time"),
  SEEKRANDOM("seekrandom", Preload.LOADED, "seek a random record and walk on; see --nexts"),
  READWHILEWRITING("readwhilewriting", Preload.COPY, "get random records beside one writer"),
  SEEK_AFTER_DELETE("seek-after-delete", Preload.COPY, "seek where a range was just deleted"),
  OPEN_AFTER_CRASH("open-after-crash", Preload.CRASHED, "open what a killed writer left"),
  COMPACT("compact", Preload.COPY, "merge all after a third was overwritten"),
  YCSB_A("ycsb-a", Preload.COPY, "50 % reads, 50 % updates, zipfian"),
  YCSB_B("ycsb-b", Preload.COPY, "95 % reads, 5 % updates, zipfian"),
  YCSB_C("ycsb-c", Preload.LOADED, "reads, zipfian"),
  YCSB_D("ycsb-d", Preload.COPY, "95 % reads of the latest, 5 % inserts"),
  YCSB_E("ycsb-e", Preload.COPY, "95 % walks of 1 to 100 entries, 5 % inserts, zipfian"),
  YCSB_F("ycsb-f", Preload.COPY, "50 % reads, 50 % read-modify-writes, zipfian"),
  /// Prepares [Preload#LOADED]; not for the command line.
  LOAD("load", Preload.EMPTY, "every record once, in the order of the keys, then merge all"),
  /// Prepares [Preload#CRASHED]; not for the command line.
  CRASH("crash", Preload.EMPTY, "write and die");

  private final String label;
  private final Preload preload;
  private final String description;

  Workload(String label, Preload preload, String description) {
    this.label = label;
    this.preload = preload;
    this.description = description;
  }

  /// The name on the command line and in results.
  public String label() {
    return label;
  }

  public Preload preload() {
    return preload;
  }

  /// What it does, in a few words.
  public String description() {
    return description;
  }

  /// Those that a user may choose.
  public static List<Workload> choices() {
    return Arrays.stream(values()).filter(workload -> !workload.prepares()).toList();
  }

  /// Whether it only makes what others begin with.
  public boolean prepares() {
    return this == LOAD || this == CRASH;
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
