package dev.iobus.bench.wal;

import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.host.HostCpu;
import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Run;
import java.nio.file.Path;

/// Reads all counters when a run begins and again when it ends. Immutable.
///
/// @param counters the file of the device's counters
/// @param process what the process had used
/// @param device what the device had done
/// @param cpu who had had the processors
record RunMeter(Path counters, ProcessCounters process, DeviceCounters device, HostCpu cpu) {

  /// Begins a run.
  static RunMeter start(Path counters) {
    return new RunMeter(
        counters, ProcessCounters.now(), DeviceCounters.now(counters), HostCpu.now());
  }

  /// Ends the run; its numbers, with what it cost.
  Run finish(String workload, String subject, int round, Measurement m) {
    ProcessCounters used = ProcessCounters.now().since(process);
    DeviceCounters did = DeviceCounters.now(counters).since(device);
    HostCpu shares = HostCpu.now().since(cpu);
    double operations = m.operations();
    return Run.of(workload, subject, round, m)
        .with(Metric.CPU_PER_OPERATION, used.cpuNanos() / operations)
        .with(Metric.WRITTEN_PER_OPERATION, used.bytesWritten() / operations)
        .with(Metric.FLUSHES_PER_OPERATION, did.flushes() / operations)
        .with(Metric.QUEUE_DEPTH, did.queueDepth())
        .with(Metric.GC_PAUSE, used.gcPauseMillis() * 1e6)
        .with(Metric.OTHERS_CPU, shares.othersShare())
        .with(Metric.STOLEN_CPU, shares.stolenShare());
  }
}
