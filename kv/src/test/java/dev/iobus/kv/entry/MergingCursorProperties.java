package dev.iobus.kv.entry;

import dev.iobus.kv.entry.ModelCursor.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// A merge walks like one sorted list of all its entries.
class MergingCursorProperties {

  @Property(tries = 200)
  void mergeWalksLikeOneList(
      @ForAll long seed, @ForAll @IntRange(max = 9) int sources, @ForAll @IntRange(max = 60) int size)
      throws Exception {
    Random random = new Random(seed);
    List<Entry> entries = sources == 0 ? List.of() : Walks.entries(random, size, 20);
    List<List<Entry>> parts = new ArrayList<>();
    for (int i = 0; i < sources; i++) {
      parts.add(new ArrayList<>());
    }
    for (Entry entry : entries) {
      parts.get(random.nextInt(sources)).add(entry);
    }
    EntryCursor[] cursors = parts.stream().map(ModelCursor::new).toArray(EntryCursor[]::new);
    try (MergingCursor merged = new MergingCursor(cursors)) {
      Walks.compare(merged, entries, random, 300);
    }
  }
}
