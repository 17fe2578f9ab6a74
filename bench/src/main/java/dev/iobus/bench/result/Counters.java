package dev.iobus.bench.result;

import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.host.HostCpu;
import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Measurement;
import java.io.IOException;
import java.nio.file.Path;

/// All counters of the host at one moment, or what they counted between two. Immutable.
///
/// @param process of this process
/// @param device of the disk that holds the data
/// @param host of all processors
public record Counters(ProcessCounters process, DeviceCounters device, HostCpu host) {

  /// As of now.
  ///
  /// @param directory of the data
  public static Counters now(Path directory) throws IOException {
    return new Counters(
        ProcessCounters.now(),
        DeviceCounters.now(DeviceCounters.fileFor(directory)),
        HostCpu.now());
  }

  /// What was counted since `before`.
  public Counters since(Counters before) {
    return new Counters(
        process.since(before.process), device.since(before.device), host.since(before.host));
  }

  /// Adds what follows from these differences to a run.
  public Run addTo(Run run, Measurement measurement) {
    double operations = Math.max(1, measurement.operations());
    return run.with(Metric.CPU_PER_OPERATION, process.cpuNanos() / operations)
        .with(Metric.READ_PER_OPERATION, process.bytesRead() / operations)
        .with(Metric.WRITTEN_PER_OPERATION, process.bytesWritten() / operations)
        .with(Metric.GC_PAUSE, process.gcPauseMillis() * 1e6)
        .with(Metric.QUEUE_DEPTH, device.queueDepth())
        .with(Metric.FLUSHES_PER_OPERATION, device.flushes() / operations)
        .with(Metric.OTHERS_CPU, host.othersShare())
        .with(Metric.STOLEN_CPU, host.stolenShare());
  }
}
