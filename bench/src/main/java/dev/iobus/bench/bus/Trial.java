package dev.iobus.bench.bus;

import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.host.HostCpu;
import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Run;
import java.nio.file.Path;

/// One measured run of one contender: how fast it was, and what it cost. Immutable.
///
/// @param workload the name of the job
/// @param subject the name of the contender
/// @param round which repetition, from 0 on
record Trial(String workload, String subject, int round) {

  /// Runs `contender` for `nanos`.
  ///
  /// @param device what [DeviceCounters#fileFor(Path)] gave
  Run of(Contender contender, long nanos, Path device) throws Exception {
    HostCpu hostBefore = HostCpu.now();
    DeviceCounters deviceBefore = DeviceCounters.now(device);
    ProcessCounters before = ProcessCounters.now();
    Outcome outcome = contender.run(nanos);
    ProcessCounters used = ProcessCounters.now().since(before);
    DeviceCounters deviceUsed = DeviceCounters.now(device).since(deviceBefore);
    HostCpu host = HostCpu.now().since(hostBefore);

    Measurement m = outcome.measurement();
    Outcome.ProcessorTime child = outcome.child();
    double cpuNanos = child == null ? used.cpuNanos() : child.nanos();
    return Run.of(workload, subject, round, m)
        .with(Metric.CPU_PER_OPERATION, cpuNanos / m.operations())
        // What a child process transferred counts here when it has ended (proc_pid_io(5)).
        .with(Metric.READ_PER_OPERATION, used.bytesRead() / m.operations())
        .with(Metric.WRITTEN_PER_OPERATION, used.bytesWritten() / m.operations())
        .with(Metric.QUEUE_DEPTH, queueDepth(deviceUsed, m))
        .with(Metric.OTHERS_CPU, withoutOurs(host, outcome).othersShare())
        .with(Metric.STOLEN_CPU, host.stolenShare());
  }

  /// Over the time of the operations, without the start of a process or of threads.
  private static double queueDepth(DeviceCounters used, Measurement m) {
    return new DeviceCounters(used.flushes(), used.queueMillis(), m.nanos()).queueDepth();
  }

  /// A process that worked for us is none of the others.
  private static HostCpu withoutOurs(HostCpu host, Outcome outcome) {
    Outcome.ProcessorTime child = outcome.child();
    double childNanos = child == null ? 0 : child.userNanos();
    return host.withOurs(outcome.helperUserNanos() + childNanos);
  }
}
