package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class FioTest {

  private static final String REPORT =
      """
      fio: a note before the report
      {"jobs": [{"read": {"iops": 50990.5, "clat_ns":
        {"percentile": {"50.000000": 620000, "99.000000": 976000}}}}]}
      """;

  @Test
  void rateAndLatenciesAreTakenFromTheReport() throws Exception {
    assertEquals(new Fio.Outcome(50990.5, 620_000, 976_000), Fio.parse(REPORT));
  }

  @Test
  void reportWithoutNumbersIsRefused() {
    assertThrows(IOException.class, () -> Fio.parse("fio: no such engine"));
    assertThrows(IOException.class, () -> Fio.parse("{\"jobs\": []}"));
  }
}
