package dev.iobus.storage.proof;

import dev.iobus.proof.Campaign;
import dev.iobus.proof.CodeChange;
import dev.iobus.proof.PlantedFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Mistakes that a log must not have, each planted into it: the campaign finds every one.
final class LogFaultsTest {

  private static final String TYPE = "dev.iobus.storage.wal.LogCampaign";
  private static final Campaign CAMPAIGN = new Campaign(TYPE, "run", 60);
  private static final Campaign SEARCH = new Campaign(TYPE, "search", 120);

  private static final String WAL = "dev.iobus.storage.wal.";
  private static final String FAULTS = WAL + "LogFaults";
  private static final String FLAG = "dev.iobus.WriteFlag";

  private static PlantedFault fault(
      String name, String type, String method, CodeChange change, int places) {
    return new PlantedFault(name, type.indexOf('.') < 0 ? WAL + type : type, method, change, places);
  }

  private static PlantedFault fault(String name, String type, String method, CodeChange change) {
    return fault(name, type, method, change, 1);
  }

  static final List<PlantedFault> ALL =
      List.of(
          fault(
              "a group that is acknowledged before it is durable",
              "WalWriter", "write", CodeChange.readingInstead(FLAG, "DSYNC", "NONE")),
          fault(
              "an overlapping group that is acknowledged before it is durable",
              "WalWriter", "writeShared", CodeChange.readingInstead(FLAG, "DSYNC", "NONE")),
          fault(
              "a sync that is left out",
              "WalWriter", "sync", CodeChange.withoutCallsOf(WAL + "LogFile", "dataSync"), 2),
          fault(
              "a DSYNC write that vouches for bytes before it",
              "WalWriter", "isClean", CodeChange.fieldIs(WAL + "WalWriter", "dirty", 0)),
          fault(
              "the segment before is not synced after a roll",
              "WalWriter", "roll",
              CodeChange.resultOf("java.util.ArrayDeque", "add", 1)),
          fault(
              "the header of a segment is not durable before its frames",
              "WalWriter", "writeHeader", CodeChange.readingInstead(FLAG, "DSYNC", "NONE")),
          fault(
              "padding that is not zeroed",
              "GroupBuffer", "padded",
              CodeChange.callingInstead(
                  "java.lang.foreign.MemorySegment", "fill", FAULTS, "unfilled")),
          fault(
              "the name of a new segment is not durable",
              "SegmentSupply", "prepare", CodeChange.withoutCallsOf(WAL + "LogFiles", "sync")),
          fault(
              "acknowledged out of order",
              "FlightLine", "acknowledge", CodeChange.fieldIs(WAL + "Flight", "done", 1)),
          fault(
              "a mark that is ahead of what is durable",
              "Appender", "durableMark",
              CodeChange.callingInstead(WAL + "LogProgress", "durable", "written")),
          fault(
              "a group that is written before it is filled",
              "GroupWriter", "awaitFilled", CodeChange.resultOf(WAL + "FillCount", "seal", 0)),
          fault(
              "a buffer that is used again in flight",
              "Room", "openNext",
              CodeChange.callingInstead("java.util.ArrayDeque", "poll", "peek")),
          fault(
              "a segment that is used again while it is needed",
              "LiveSegments", "release",
              CodeChange.withoutCallsOf(WAL + "WalSegment", "endLsn")),
          fault(
              "a failed sync that is tried again",
              "dev.iobus.storage.file.DataFile", "dataSync",
              CodeChange.callingInstead(
                  "dev.iobus.SharedBus", "dataSync", FAULTS, "syncTwice")),
          fault(
              "a failed sync that is tied to a write, and ignored",
              "dev.iobus.storage.file.DataFile", "writeAndDataSync",
              CodeChange.callingInstead(
                  "dev.iobus.SharedBus", "writeAndDataSync", FAULTS, "writeAndForgetSync")),
          fault(
              "a failed sync that is tied to a write, and tried again",
              "dev.iobus.SyncedWrite", "areBoth",
              CodeChange.resultOf("dev.iobus.SyncedWrite", "isLeft", 1), 2),
          fault(
              "who parks and is taken for awake",
              "WakeUps", "unpark", CodeChange.fieldIs(WAL + "Waiter", "parked", 0)),
          fault(
              "a checksum that is not compared",
              "FrameReader", "isFrame",
              CodeChange.callingInstead(WAL + "WalFormat", "checksum", FAULTS, "carriedChecksum")),
          fault(
              "frames of an earlier use of a segment",
              "FrameReader", "isFrame", CodeChange.longsAreEqual(), 4),
          fault(
              "damage that is taken for a torn tail",
              "WalRecovery", "run", CodeChange.withoutCallsOf(WAL + "WalRecovery", "collectMarks")),
          fault(
              "what was recovered is not made durable",
              "WalRecovery", "makeDurable",
              CodeChange.withoutCallsOf("dev.iobus.storage.file.DataFile", "sync")),
          fault(
              "an epoch that is not raised",
              "WalRecovery", "recovered", CodeChange.longConstant(1, 0)));

  private static final Campaign REOPENING = new Campaign(WAL + "ReopenCampaign", "run", 60);

  static final List<PlantedFault> OF_REOPENING =
      List.of(
          fault(
              "a recovery that believes the kernel's cache",
              "WalRecovery", "readSegment",
              CodeChange.callingInstead(
                  "dev.iobus.storage.file.DataDirectory", "open", FAULTS, "openBuffered")),
          fault(
              "a recovery that does not make durable what it gives",
              "WalRecovery", "makeDurable",
              CodeChange.withoutCallsOf("dev.iobus.storage.file.DataFile", "sync")));

  @Test
  void everyFaultOfReopeningIsFound() {
    System.out.println(REOPENING.runAsItIs().millis() + " ms without a fault");
    REOPENING.runWithEach(OF_REOPENING);
  }

  @Test
  void everyFaultIsFound() {
    System.out.println(CAMPAIGN.runAsItIs().millis() + " ms without a fault");
    SEARCH.runWithEach(ALL);
  }
}
