package dev.iobus.bench.result;

import com.fasterxml.jackson.annotation.JsonValue;

/// What is measured of a run. The names stand in files: never rename.
public enum Metric {
  OPERATIONS_PER_SECOND("operationsPerSecond", "ops/s", Unit.RATE, Better.HIGHER),
  MEGABYTES_PER_SECOND("megabytesPerSecond", "MB/s", Unit.RATE, Better.HIGHER),
  P50("p50Nanos", "p50", Unit.NANOS, Better.LOWER),
  P99("p99Nanos", "p99", Unit.NANOS, Better.LOWER),
  P999("p999Nanos", "p99.9", Unit.NANOS, Better.LOWER),
  MAX("maxNanos", "max", Unit.NANOS, Better.LOWER),
  /// Processor time of the whole process, background work included.
  CPU_PER_OPERATION("cpuNanosPerOperation", "CPU/op", Unit.NANOS, Better.LOWER),
  /// Bytes fetched from the device.
  READ_PER_OPERATION("readBytesPerOperation", "read/op", Unit.BYTES, Better.LOWER),
  /// Bytes sent to the device.
  WRITTEN_PER_OPERATION("writtenBytesPerOperation", "written/op", Unit.BYTES, Better.LOWER),
  /// Bytes sent to the device per byte of keys and values written.
  WRITE_AMPLIFICATION("writeAmplification", "write amp.", Unit.FACTOR, Better.LOWER),
  /// Bytes on disk per byte of live keys and values, at the end.
  SPACE_AMPLIFICATION("spaceAmplification", "space amp.", Unit.FACTOR, Better.LOWER),
  /// Peak of resident memory, mapped files included.
  RESIDENT_PEAK("residentPeakBytes", "RSS", Unit.BYTES, Better.LOWER),
  HEAP_PEAK("heapPeakBytes", "heap", Unit.BYTES, Better.LOWER),
  /// Peak of the control group that held the process: its memory and the page cache it filled.
  GROUP_PEAK("groupPeakBytes", "memory with page cache", Unit.BYTES, Better.LOWER),
  /// Bytes of heap that the application asked for.
  ALLOCATED_PER_OPERATION("allocatedBytesPerOperation", "allocated/op", Unit.BYTES, Better.LOWER),
  GC_PAUSE("gcPauseNanos", "GC pauses", Unit.NANOS, Better.LOWER),
  /// Time in which the store held writers back, as the store itself tells.
  STALL("stallNanos", "stalled", Unit.NANOS, Better.LOWER),
  /// Average number of requests in the device's queue.
  QUEUE_DEPTH("queueDepth", "queue depth", Unit.FACTOR, Better.NEITHER),
  /// Cache flushes that the device did, per operation.
  FLUSHES_PER_OPERATION("flushesPerOperation", "flushes/op", Unit.FACTOR, Better.NEITHER),
  /// Times that the JVM saw a virtual thread pinned to its carrier.
  PINNED("pinned", "pinned", Unit.COUNT, Better.LOWER),
  /// Share of all processors that other processes used, 0 to 1.
  OTHERS_CPU("othersCpuShare", "others' CPU", Unit.SHARE, Better.NEITHER),
  /// Share of all processors that the hypervisor took, 0 to 1.
  STOLEN_CPU("stolenCpuShare", "stolen CPU", Unit.SHARE, Better.NEITHER);

  /// How a value is shown.
  public enum Unit {
    RATE,
    NANOS,
    BYTES,
    FACTOR,
    COUNT,
    SHARE
  }

  /// Which of two values is the better one.
  public enum Better {
    HIGHER,
    LOWER,
    NEITHER
  }

  private final String key;
  private final String label;
  private final Unit unit;
  private final Better better;

  Metric(String key, String label, Unit unit, Better better) {
    this.key = key;
    this.label = label;
    this.unit = unit;
    this.better = better;
  }

  /// The name in files.
  @JsonValue
  public String key() {
    return key;
  }

  /// The name for people.
  public String label() {
    return label;
  }

  public Unit unit() {
    return unit;
  }

  public Better better() {
    return better;
  }
}
