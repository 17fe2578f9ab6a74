package dev.iobus.bench.workload;

/// Which operations a YCSB workload mixes (B. Cooper et al., "Benchmarking cloud serving systems
/// with YCSB", SoCC 2010, table 2; core workloads A to F). Immutable.
///
/// @param reads share of gets
/// @param updates share of puts of records that are there
/// @param inserts share of puts of new records
/// @param walks share of walks of 1 to [#WALK_MAX] entries
/// @param distribution which records; the shares that are left are read-modify-writes
record Mix(double reads, double updates, double inserts, double walks, Distribution distribution) {

  /// The longest walk.
  static final int WALK_MAX = 100;

  /// One kind of operation.
  enum Kind {
    READ,
    UPDATE,
    INSERT,
    WALK,
    READ_MODIFY_WRITE
  }

  static Mix of(Workload workload) {
    return switch (workload) {
      case YCSB_A -> new Mix(0.5, 0.5, 0, 0, Distribution.ZIPFIAN);
      case YCSB_B -> new Mix(0.95, 0.05, 0, 0, Distribution.ZIPFIAN);
      case YCSB_C -> new Mix(1, 0, 0, 0, Distribution.ZIPFIAN);
      case YCSB_D -> new Mix(0.95, 0, 0.05, 0, Distribution.LATEST);
      case YCSB_E -> new Mix(0, 0, 0.05, 0.95, Distribution.ZIPFIAN);
      case YCSB_F -> new Mix(0.5, 0, 0, 0, Distribution.ZIPFIAN);
      default -> throw new IllegalArgumentException(workload.label() + " mixes nothing");
    };
  }

  /// The kind of operation for a number from 0 to 1.
  Kind kind(double unit) {
    if (unit < reads) {
      return Kind.READ;
    }
    if (unit < reads + updates) {
      return Kind.UPDATE;
    }
    if (unit < reads + updates + inserts) {
      return Kind.INSERT;
    }
    return unit < reads + updates + inserts + walks ? Kind.WALK : Kind.READ_MODIFY_WRITE;
  }
}
