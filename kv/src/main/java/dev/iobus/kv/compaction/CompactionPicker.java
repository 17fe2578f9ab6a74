package dev.iobus.kv.compaction;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.TableInfo;
import dev.iobus.kv.version.Version;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which tables to merge next: a pure function of a version. Leveled: level 0 by its count of
/// tables, deeper levels by their bytes; the level that is furthest over its target first.
/// Stateless.
///
/// A *source* is a table of level 0 or a whole deeper level: what is read at the same time as other
/// sources, and takes memory for that. A plan of fewer sources takes the oldest, so that what is left
/// out is newer and above the output.
public final class CompactionPicker {

  private static final int DEEPEST = Version.LEVELS - 1;

  private CompactionPicker() {}

  /// The next compaction, or null when every level is within its target.
  ///
  /// @param sourcesMax at least 2
  public static @Nullable CompactionPlan pick(
      Version version, LevelSizes sizes, int sourcesMax) {
    int worst = 0;
    double worstScore =
        (double) version.level(0).size() / LevelSizes.LEVEL_ZERO_TABLES;
    for (int level = 1; level < DEEPEST; level++) {
      double score = (double) version.bytes(level) / sizes.target(level);
      if (score > worstScore) {
        worst = level;
        worstScore = score;
      }
    }
    if (worst == 0) {
      return worstScore < 1 ? null : planLevelZero(version, sourcesMax);
    }
    return worstScore <= 1 ? null : planLevel(version, worst);
  }

  /// Everything into the deepest level that has tables, or null when there is none.
  ///
  /// @param sourcesMax at least 2; with more sources the plan is a step on the way
  public static @Nullable CompactionPlan pickAll(Version version, int sourcesMax) {
    int output = 1;
    int sources = 0;
    List<Table> inputs = new ArrayList<>();
    for (int level = DEEPEST; level > 0 && sources < sourcesMax; level--) {
      if (!version.level(level).isEmpty()) {
        inputs.addAll(version.level(level));
        output = Math.max(output, level);
        sources++;
      }
    }
    inputs.addAll(oldest(version.level(0), sourcesMax - sources));
    if (inputs.isEmpty()) {
      return null;
    }
    return new CompactionPlan(version, List.copyOf(inputs), output, CompactionPlan.Kind.MERGE);
  }

  /// The last of the tables of level 0, which are ordered by newest entry first.
  private static List<Table> oldest(List<Table> levelZero, int count) {
    return levelZero.subList(Math.max(0, levelZero.size() - count), levelZero.size());
  }

  /// All of level 0, because its tables overlap each other, into level 1; of too many the oldest.
  private static CompactionPlan planLevelZero(Version version, int sourcesMax) {
    List<Table> tables = oldest(version.level(0), sourcesMax - 1);
    MemorySegment first = tables.getFirst().info().smallest().key();
    MemorySegment last = tables.getFirst().info().largest().key();
    for (Table table : tables) {
      first = min(first, table.info().smallest().key());
      last = max(last, table.info().largest().key());
    }
    return plan(version, tables, version.overlapping(1, first, last), 1);
  }

  /// The table of a level that overlaps the fewest bytes of the next for its own size: what costs
  /// the least to bring the same bytes down.
  private static CompactionPlan planLevel(Version version, int level) {
    @Nullable Table best = null;
    List<Table> bestBelow = List.of();
    double bestRatio = Double.POSITIVE_INFINITY;
    for (Table table : version.level(level)) {
      TableInfo info = table.info();
      List<Table> below =
          version.overlapping(level + 1, info.smallest().key(), info.largest().key());
      double ratio = (double) bytes(below) / Math.max(1, info.sizeBytes());
      if (best == null || ratio < bestRatio) {
        best = table;
        bestBelow = below;
        bestRatio = ratio;
      }
    }
    if (best == null) {
      throw new AssertionError("level " + level + " is over its target and has no tables");
    }
    return plan(version, List.of(best), bestBelow, level + 1);
  }

  private static CompactionPlan plan(
      Version version, List<Table> upper, List<Table> below, int outputLevel) {
    boolean moves = below.isEmpty() && areDisjoint(upper);
    List<Table> inputs = new ArrayList<>(upper);
    inputs.addAll(below);
    return new CompactionPlan(
        version,
        List.copyOf(inputs),
        outputLevel,
        moves ? CompactionPlan.Kind.MOVE : CompactionPlan.Kind.MERGE);
  }

  private static boolean areDisjoint(List<Table> tables) {
    for (int i = 0; i < tables.size(); i++) {
      for (int j = i + 1; j < tables.size(); j++) {
        TableInfo other = tables.get(j).info();
        if (tables.get(i).info().overlaps(other.smallest().key(), other.largest().key())) {
          return false;
        }
      }
    }
    return true;
  }

  private static long bytes(List<Table> tables) {
    long sum = 0;
    for (Table table : tables) {
      sum += table.info().sizeBytes();
    }
    return sum;
  }

  private static MemorySegment min(MemorySegment a, MemorySegment b) {
    return InternalKey.compareKeys(a, b) <= 0 ? a : b;
  }

  private static MemorySegment max(MemorySegment a, MemorySegment b) {
    return InternalKey.compareKeys(a, b) >= 0 ? a : b;
  }
}
