package dev.iobus.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TurnsTest {

  @Test
  void eachBeginsOneRound() {
    List<String> all = List.of("a", "b", "c");
    assertEquals(List.of("a", "b", "c"), Turns.of(all, 0));
    assertEquals(List.of("b", "c", "a"), Turns.of(all, 1));
    assertEquals(List.of("c", "a", "b"), Turns.of(all, 2));
    assertEquals(all, Turns.of(all, 3));
    assertEquals(List.of(), Turns.of(List.of(), 1));
  }
}
