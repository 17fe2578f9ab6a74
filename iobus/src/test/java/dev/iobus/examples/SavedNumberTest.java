package dev.iobus.examples;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class SavedNumberTest {

  @Test
  void noCrashLosesANumber() throws IOException {
    assertTrue(new SavedNumber(true).prove() > 500);
  }

  /// Without a sync of the directory the simulator finds the crash that loses one.
  @Test
  void aMissingSyncIsFound() {
    assertThrows(AssertionError.class, () -> new SavedNumber(false).prove());
  }
}
