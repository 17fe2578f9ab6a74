package dev.iobus.backend.proof;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.proof.Campaign;
import dev.iobus.proof.CodeChange;
import dev.iobus.proof.PlantedFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Mistakes on kernels that lack something, each planted into a bus. A queue whose entries are not
/// numbered lets operations wait for ever, so tests that wait without an end hang where this one is
/// red.
final class KernelFaultsTest {

  private static final Campaign CAMPAIGN = new Campaign("dev.iobus.KernelCampaign", "run", 20);

  private static final List<PlantedFault> ALL =
      List.of(
          new PlantedFault(
              "entries that are not numbered for a kernel without NO_SQARRAY",
              "dev.iobus.uring.SubmissionQueue",
              "<init>",
              CodeChange.withoutCallsOf("java.lang.foreign.MemorySegment", "set")),
          new PlantedFault(
              "refused memory that is used as if it were registered",
              "dev.iobus.TransferOperations",
              "useBuffer",
              CodeChange.resultOf("dev.iobus.RegisteredBuffer", "index", 0)),
          new PlantedFault(
              "refused memory that nobody is told of",
              "dev.iobus.RegisteredBuffer",
              "<init>",
              CodeChange.withoutCallsOf("dev.iobus.RegisteredBuffer", "refusal")),
          new PlantedFault(
              "what the kernel cancels with its thread is a result",
              "dev.iobus.Reaping",
              "complete",
              CodeChange.fieldIs("dev.iobus.Slot", "cancelRequested", 1)));

  @Test
  void everyFaultIsFound() {
    assumeTrue(
        Bus.backends().stream().anyMatch(b -> b.kind() == BackendKind.IO_URING && b.available()),
        "no io_uring here");
    String[] release = System.getProperty("os.version").split("[^0-9]+");
    int version = Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]);
    assumeTrue(version >= 6010, "Linux before 6.10 has no nops with results");
    CAMPAIGN.runAsItIs();
    CAMPAIGN.runWithEach(ALL);
  }
}
