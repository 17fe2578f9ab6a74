package dev.iobus.bench.report;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which colour a subject has: a place in the list of the style sheet, the same on the whole page.
/// The reference has the first. A peer's place follows from its name, so that it mostly has the
/// same colour on other pages, too; where two names meet, the later takes the next free place.
/// With more subjects than colours, colours are used again. Immutable.
///
/// @param slots the place of each subject
record Palette(Map<String, Integer> slots) {

  /// How many colours the style sheet has; the first is kept for the reference.
  static final int COLOURS = 7;

  private static final int PEERS = COLOURS - 1;

  static Palette of(List<String> subjects) {
    Map<String, Integer> slots = new HashMap<>();
    for (String subject : subjects) {
      slots.put(subject, slots.isEmpty() ? 0 : free(subject, slots));
    }
    return new Palette(Map.copyOf(slots));
  }

  private static int free(String subject, Map<String, Integer> taken) {
    int preferred = Math.floorMod(subject.hashCode(), PEERS);
    for (int i = 0; i < PEERS; i++) {
      int slot = 1 + (preferred + i) % PEERS;
      if (!taken.containsValue(slot)) {
        return slot;
      }
    }
    return 1 + preferred;
  }

  /// The place of `subject`, from 0 on.
  int slot(String subject) {
    Integer slot = slots.get(subject);
    if (slot == null) {
      throw new IllegalArgumentException("'" + subject + "' is none of " + slots.keySet());
    }
    return slot;
  }

  /// The class that gives an element the colour of `subject`.
  String style(String subject) {
    return "s" + slot(subject);
  }
}
