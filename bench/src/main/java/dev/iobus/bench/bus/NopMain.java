package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.host.HostCpu;
import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Measurement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// The process of a [NopContender]: `NopMain BATCH BACKEND`. Prints a line that says what it stands on;
/// for each line with a number of nanoseconds that it reads, it runs for so long and prints how many
/// operations there were, how many nanoseconds they took, how many bytes of heap, and the nanoseconds
/// of user and of system time. Ends with its input.
final class NopMain {

  /// In place of a backend: the best that this host allows.
  static final String BEST = "-";

  private NopMain() {}

  public static void main(String[] arguments) throws IOException {
    int batch = Integer.parseInt(arguments[0]);
    BackendKind backend = arguments[1].equals(BEST) ? null : BackendKind.valueOf(arguments[1]);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Nops nops = new Nops(batch, backend)) {
      System.out.println(nops.describe());
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        HostCpu hostBefore = HostCpu.now();
        ProcessCounters before = ProcessCounters.now();
        Measurement m = nops.run(Long.parseLong(line)).measurement();
        double cpuNanos = ProcessCounters.now().since(before).cpuNanos();
        double userNanos = HostCpu.now().since(hostBefore).ownUserNanos();
        System.out.println(
            m.operations() + " " + m.nanos() + " " + m.allocatedBytes() + " " + userNanos + " "
                + Math.max(0, cpuNanos - userNanos));
      }
    }
  }
}
