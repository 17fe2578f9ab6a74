package dev.iobus.bench.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// In which order those who are compared take their turns. Whoever comes first in a round finds the
/// device, the processors' clocks and the page cache as the last one has left them, so each round
/// begins with another one. Stateless.
public final class Turns {

  private Turns() {}

  /// A B C, then B C A, then C A B.
  ///
  /// @param all is not changed
  /// @param round from 0 on
  public static <T> List<T> of(List<T> all, int round) {
    List<T> turns = new ArrayList<>(all);
    Collections.rotate(turns, -round);
    return turns;
  }
}
