package dev.iobus.proof;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Each kind of change, planted into a class of a few lines; and faults that cannot be planted.
final class PlantedFaultTest {

  private static final String VICTIM = "dev.iobus.planted.Victim";
  private static final Campaign CAMPAIGN = new Campaign(VICTIM, "check", 10);

  private static PlantedFault fault(String method, CodeChange change) {
    return new PlantedFault(method, VICTIM, method, change);
  }

  @Test
  void testIsGreenWithoutAFault() {
    assertNull(CAMPAIGN.runAsItIs().found());
  }

  @Test
  void eachKindOfChangeIsFound() {
    CAMPAIGN.runWithEach(
        List.of(
            fault("add", CodeChange.withoutCallsOf(VICTIM, "count")),
            fault("sum", CodeChange.withoutCallsOf(VICTIM, "plus")),
            fault("isOpen", CodeChange.resultOf("java.util.ArrayDeque", "isEmpty", 1)),
            fault("peek", CodeChange.callingInstead("java.util.ArrayDeque", "peek", "poll")),
            fault("put", CodeChange.callingInstead(VICTIM, "push", VICTIM, "twice")),
            fault("isClosed", CodeChange.fieldIs(VICTIM, "closed", 1)),
            fault("low", CodeChange.readingInstead(VICTIM, "low", "high")),
            fault("isSame", CodeChange.longsAreEqual()),
            fault("next", CodeChange.longConstant(1, 0))));
  }

  @Test
  void faultThatHasLostItsPlaceIsAnError() {
    CodeChange change = CodeChange.fieldIs(VICTIM, "closed", 1);
    String gone =
        assertThrows(AssertionError.class, () -> CAMPAIGN.runWith(fault("gone", change)))
            .toString();
    assertTrue(gone.contains("not planted: gone"), gone);
    AssertionError other =
        assertThrows(AssertionError.class, () -> CAMPAIGN.runWith(fault("low", change)));
    assertNotNull(other.getCause());
    assertTrue(String.valueOf(other.getCause()).contains("changes 0 places"), other.toString());
  }

  @Test
  void faultThatIsNotFoundIsAnError() {
    PlantedFault harmless = fault("unused", CodeChange.longConstant(7, 8));
    assertThrows(AssertionError.class, () -> CAMPAIGN.runWithEach(List.of(harmless)));
  }

  @Test
  void classThatIsNotUsedIsAnError() {
    PlantedFault elsewhere =
        new PlantedFault(
            "elsewhere", "dev.iobus.planted.Other", "next", CodeChange.longConstant(1, 0));
    assertThrows(AssertionError.class, () -> CAMPAIGN.runWith(elsewhere));
  }
}
