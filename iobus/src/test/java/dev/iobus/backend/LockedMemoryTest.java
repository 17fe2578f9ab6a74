package dev.iobus.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class LockedMemoryTest {

  private static String limits(String soft, String hard) {
    return """
        Limit                     Soft Limit           Hard Limit           Units
        Max open files            1024                 524288               files
        Max locked memory         %-20s %-20s bytes
        Max address space         unlimited            unlimited            bytes
        """
        .formatted(soft, hard);
  }

  @Test
  void theSoftLimitCounts() {
    assertEquals(65_536, LockedMemory.limitIn(limits("65536", "8388608")));
    assertEquals(0, LockedMemory.limitIn(limits("0", "unlimited")));
    assertEquals(-1, LockedMemory.limitIn(limits("unlimited", "unlimited")));
    assertEquals(-1, LockedMemory.limitIn(""));
  }

  @Test
  void whoHasTheCapabilityIsNotLimited() {
    assertTrue(LockedMemory.isPrivilegedIn("Name:\tjava\nCapEff:\t0000000000004000\n"));
    assertTrue(LockedMemory.isPrivilegedIn("CapEff:\tffffffffffffffff"));
    assertFalse(LockedMemory.isPrivilegedIn("CapPrm:\t0000000000004000\nCapEff:\t0000000000008000"));
    assertFalse(LockedMemory.isPrivilegedIn(""));
  }
}
