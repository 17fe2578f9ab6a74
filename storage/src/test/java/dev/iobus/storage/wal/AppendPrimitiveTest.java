package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.wal.AppendPrimitive.Trial;
import dev.iobus.storage.wal.AppendPrimitive.Way;
import org.junit.jupiter.api.Test;

class AppendPrimitiveTest {

  private static Trial trial(long dsync, long sync, long linked) {
    return new Trial(6, dsync * 1000, sync * 1000, linked * 1000);
  }

  @Test
  void quickestWayIsChosenAndASingleWriteWhereItIsNearlyThat() {
    assertEquals(Way.DSYNC, trial(100, 100, 100).way());
    assertEquals(Way.DSYNC, trial(125, 100, 300).way());
    assertEquals(Way.SYNC, trial(126, 100, 300).way());
    assertEquals(Way.DSYNC, trial(125, 300, 100).way());
    assertEquals(Way.LINKED, trial(126, 300, 100).way());
    assertEquals(Way.LINKED, trial(500, 200, 199).way());
    assertEquals(Way.SYNC, trial(500, 199, 199).way());
  }

  @Test
  void modeIsThatOfTheQuickestWay() {
    Trial past = trial(500, 300, 251);
    AppendPrimitive through = AppendPrimitive.choose(past, trial(300, 200, 500));
    assertEquals(Way.SYNC, through.way());
    assertTrue(!through.direct(), through.description());
    AppendPrimitive direct = AppendPrimitive.choose(past, trial(400, 400, 202));
    assertEquals(Way.LINKED, direct.way());
    assertTrue(direct.direct(), direct.description());
    assertEquals(
        "direct write + fdatasync, linked; direct, median of 6: DSYNC write 500 us, write +"
            + " fdatasync 300 us, linked 251 us; buffered, median of 6: DSYNC write 400 us, write +"
            + " fdatasync 400 us, linked 202 us",
        direct.description());
  }
}
