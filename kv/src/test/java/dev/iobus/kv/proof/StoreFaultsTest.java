package dev.iobus.kv.proof;

import dev.iobus.proof.Campaign;
import dev.iobus.proof.CodeChange;
import dev.iobus.proof.PlantedFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Mistakes that a store must not have, each planted into it: the campaign finds every one.
final class StoreFaultsTest {

  private static final String CAMPAIGN = "dev.iobus.kv.simulation.StoreFaultCampaign";
  private static final Campaign GREEN = new Campaign(CAMPAIGN, "run", 60);
  private static final Campaign SEARCH = new Campaign(CAMPAIGN, "search", 60);

  private static final String KV = "dev.iobus.kv.";
  private static final String FAULTS = KV + "StoreFaults";
  private static final String DIRECTORY = "dev.iobus.storage.file.DataDirectory";
  private static final String FILE = "dev.iobus.storage.file.DataFile";

  private static PlantedFault fault(
      String name, String type, String method, CodeChange change) {
    return new PlantedFault(name, type.startsWith("dev.") ? type : KV + type, method, change);
  }

  private static final List<PlantedFault> ALL =
      List.of(
          fault(
              "a write that returns before it is durable",
              "CommitPipeline", "awaitLog",
              CodeChange.withoutCallsOf("dev.iobus.storage.wal.Wal", "await")),
          fault(
              "a batch that is committed in two",
              "Store", "write",
              CodeChange.callingInstead(KV + "CommitPipeline", "commit", FAULTS, "inTwo")),
          fault(
              "an edit before the table that it names is durable",
              "sstable.SSTableWriter", "finish", CodeChange.withoutCallsOf(FILE, "sync")),
          fault(
              "an edit before the name of its table is durable",
              "version.TableFiles", "syncDirectory", CodeChange.withoutCallsOf(DIRECTORY, "sync")),
          fault(
              "an edit that is not durable before what it makes obsolete is gone",
              "dev.iobus.storage.wal.FrameFile", "sync",
              CodeChange.withoutCallsOf(FILE, "dataSync")),
          fault(
              "a manifest whose name is not durable",
              "version.Manifest", "create", CodeChange.withoutCallsOf(DIRECTORY, "sync")),
          fault(
              "a log that is released further than the manifest says",
              "BackgroundWork", "flush",
              CodeChange.withoutCallsOf(KV + "version.VersionEdit", "logStart")),
          fault(
              "a log that the next opening begins behind its entries",
              "Recovery", "finish", CodeChange.resultOf(KV + "LoggedMemtable", "isEmpty", 1)),
          fault(
              "a deletion that is dropped too early",
              "Flush", "run",
              CodeChange.callingInstead(
                  KV + "compaction.Retention", "keeps", FAULTS, "keepsNoDeletion")),
          fault(
              "a snapshot that a compaction does not know",
              "BackgroundWork", "boundaries",
              CodeChange.callingInstead(KV + "Snapshots", "boundaries", FAULTS, "publishedAlone")),
          fault(
              "a checksum that a cache miss does not compare",
              "sstable.BlockFormat", "verify",
              CodeChange.callingInstead(
                  KV + "sstable.BlockFormat", "checksum",
                  KV + "sstable.BlockFaults", "carriedChecksum")));

  @Test
  void everyFaultIsFound() {
    System.out.println(GREEN.runAsItIs().millis() + " ms without a fault");
    SEARCH.runWithEach(ALL);
  }
}
