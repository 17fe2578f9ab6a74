package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.append;
import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LogEventsTest {

  @TempDir Path path;

  @Test
  void flightRecorderIsTold() throws IOException {
    String primitive;
    try (Recording recording = new Recording();
        LogHarness log = new LogHarness(path.resolve("log"), LogHarness.TINY)) {
      recording.enable("dev.iobus.LogOpened");
      recording.enable("dev.iobus.LogGroup");
      recording.enable("dev.iobus.LogFailed");
      recording.start();
      Wal wal = log.open();
      primitive = wal.primitive();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 100), Durability.WRITTEN);
      wal.failForTest();
      assertThrows(
          WalFailedException.class, () -> append(wal, record(2, 100), Durability.SYNCED));
      recording.stop();
      recording.dump(path.resolve("recording.jfr"));
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(path.resolve("recording.jfr"));
    RecordedEvent opened = only(events, "dev.iobus.LogOpened").getFirst();
    assertEquals(primitive, opened.getString("primitive"));
    assertTrue(opened.getDuration("dsyncWrite").toNanos() > 0, opened.toString());
    List<RecordedEvent> groups = only(events, "dev.iobus.LogGroup");
    assertEquals(2, groups.size());
    assertEquals(WalFormat.frameBytes(100), groups.getFirst().getLong("bytes"));
    assertTrue(groups.getFirst().getBoolean("synced"));
    assertTrue(groups.getFirst().getDuration("time").toNanos() > 0);
    assertEquals(1, only(events, "dev.iobus.LogFailed").size());
  }

  private static List<RecordedEvent> only(List<RecordedEvent> events, String name) {
    return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
  }
}
