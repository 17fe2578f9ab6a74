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
    return fault(name, type, method, change, 1);
  }

  private static PlantedFault fault(
      String name, String type, String method, CodeChange change, int places) {
    String whole = type.startsWith("dev.") ? type : KV + type;
    return new PlantedFault(name, whole, method, change, places);
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
              "version.Manifest", "install", CodeChange.withoutCallsOf(DIRECTORY, "sync")),
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
              "a table of what the log has not written",
              "BackgroundWork", "flush",
              CodeChange.withoutCallsOf(KV + "BackgroundWork", "awaitLog")),
          fault(
              "a sequence number that a flush does not tell",
              "BackgroundWork", "flush",
              CodeChange.withoutCallsOf(KV + "version.VersionEdit", "lastSequence")),
          fault(
              "numbers of files that the manifest does not tell",
              "version.VersionSet", "log",
              CodeChange.withoutCallsOf(KV + "version.VersionEdit", "nextFileNumber")),
          fault(
              "what nobody refers to and stays",
              "Recovery", "finish", CodeChange.withoutCallsOf(DIRECTORY, "delete")),
          fault(
              "tables that were replaced and stay",
              "version.TableFiles", "discard", CodeChange.withoutCallsOf(DIRECTORY, "delete"), 2),
          fault(
              "a log that a flush does not release",
              "BackgroundWork", "flush",
              CodeChange.withoutCallsOf("dev.iobus.storage.wal.Wal", "release")),
          fault(
              "memory of the log that is not freed",
              "dev.iobus.storage.wal.LogBuffers", "close",
              CodeChange.withoutCallsOf("dev.iobus.storage.wal.LogMemory", "free")),
          fault(
              "a bus that is not closed",
              "StoreClosing", "freeMemory", // Twice in the code, as it stands in a `finally`.
              CodeChange.withoutCallsOf("dev.iobus.SharedBus", "close"), 2),
          fault(
              "a table that is left open",
              "version.Table", "close", CodeChange.withoutCallsOf(FILE, "close")),
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
