package dev.iobus.bench.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.host.FlushWitness.Enough;
import dev.iobus.bench.host.FlushWitness.Missing;
import dev.iobus.bench.host.FlushWitness.NotCheckable;
import dev.iobus.bench.host.FlushWitness.Verdict;
import org.junit.jupiter.api.Test;

final class FlushWitnessTest {

  private static final DeviceQueue DISK =
      new DeviceQueue("vda", "1", "0", "write back", "mq-deadline", "256");
  private static final DeviceQueue WITH_FUA =
      new DeviceQueue("sda", "1", "1", "write back", "none", "64");
  private static final DeviceQueue SAFE_CACHE =
      new DeviceQueue("nvme0n1", "0", "0", "write through", "none", "1023");

  @Test
  void acknowledgementWithoutSyncIsNoticed() {
    FlushWitness witness = FlushWitness.of(DISK, 16);
    Verdict verdict = witness.judge(true, 10_000, 1, 37);
    assertInstanceOf(Missing.class, verdict);
    assertEquals(
        "acknowledged without a sync: the device did 37 flushes, expected at least 9,000",
        verdict.toString());
    assertInstanceOf(Missing.class, witness.judge(false, 10_000, 1, 0));
  }

  @Test
  void oneSyncForEachThreadsRecordIsEnough() {
    FlushWitness witness = FlushWitness.of(DISK, 17);
    assertInstanceOf(Enough.class, witness.judge(true, 10_000, 1, 10_000));
    assertInstanceOf(Enough.class, witness.judge(true, 64_000, 64, 1_000));
    assertInstanceOf(Missing.class, witness.judge(true, 64_000, 64, 899));
    assertInstanceOf(Missing.class, witness.judge(true, 64_000, 1, 1_000));
  }

  @Test
  void runWithoutOperationsNeedsNoSync() {
    assertInstanceOf(Enough.class, FlushWitness.of(DISK, 16).judge(true, 0, 4, 0));
  }

  @Test
  void forceUnitAccessHidesDurableWritesOnly() {
    FlushWitness witness = FlushWitness.of(WITH_FUA, 16);
    assertInstanceOf(NotCheckable.class, witness.judge(true, 10_000, 1, 0));
    assertInstanceOf(Missing.class, witness.judge(false, 10_000, 1, 0));
  }

  @Test
  void deviceThatDoesNotFlushSaysNothing() {
    FlushWitness safe = FlushWitness.of(SAFE_CACHE, 0);
    Verdict verdict = safe.judge(false, 10_000, 1, 0);
    assertTrue(verdict.toString().contains("no volatile cache"), verdict.toString());
    FlushWitness noDevice = FlushWitness.of(SAFE_CACHE, Double.NaN);
    assertInstanceOf(NotCheckable.class, noDevice.judge(true, 10_000, 1, Double.NaN));
    assertNotNull(noDevice.silence());
    assertNull(FlushWitness.of(DISK, 16).silence());
  }

  @Test
  void chosenSchedulerIsInBrackets() {
    assertEquals("mq-deadline", DeviceQueue.chosen("none [mq-deadline] kyber"));
    assertEquals("none", DeviceQueue.chosen("none"));
    assertEquals("", DeviceQueue.chosen(""));
  }
}
