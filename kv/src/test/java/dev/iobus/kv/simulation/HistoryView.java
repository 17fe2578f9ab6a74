package dev.iobus.kv.simulation;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What of a [History] may be found at one moment. Immutable, as lists of points only grow.
///
/// @param acknowledged the first points that a reader may see
/// @param written those that the end of the process may leave
/// @param durable those that a loss of power may leave
/// @param vouched those that damage of one place in the log, unreported, may leave
/// @param ends behind the last that may be
/// @param untold writes beside those of the points
/// @param untoldDurable of those, the ones that a loss of power may not take
/// @param spent numbers of files that may not be used again
record HistoryView(
    History history,
    List<List<History.Point>> points,
    int[] acknowledged,
    int[] written,
    int[] durable,
    int[] vouched,
    int[] ends,
    long untold,
    long untoldDurable,
    SpentNumbers spent) {

  /// The least cut from `first` on at which the store held this, or null.
  int @Nullable [] find(History.Found found, int[] first) {
    int[] cut = first.clone();
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int client = 0; client < cut.length; client++) {
        int at = next(found, client, cut[client]);
        if (at < 0) {
          return null;
        }
        moved |= at != cut[client];
        cut[client] = at;
        int[] seen = points.get(client).get(at).seen();
        for (int other = 0; other < cut.length; other++) {
          moved |= seen[other] > cut[other];
          cut[other] = Math.max(cut[other], seen[other]);
        }
      }
    }
    return writes(cut) <= found.sequence() ? cut : null;
  }

  /// The first point of a client from `from` on with what was found, or −1.
  private int next(History.Found found, int client, int from) {
    for (int i = from; i < ends[client]; i++) {
      History.Point point = points.get(client).get(i);
      boolean same = true;
      for (int key = client; key < Entries.KEYS; key += ends.length) {
        same &= point.state()[key] == found.state()[key];
      }
      // One client's writes alone are numbered without a gap; of several none is known by number.
      if (same && (ends.length > 1 || point.writes() == found.sequence())) {
        return i;
      }
    }
    return -1;
  }

  /// Writes of a cut.
  long writes(int[] cut) {
    long writes = 0;
    for (int client = 0; client < cut.length; client++) {
      writes += points.get(client).get(cut[client]).writes();
    }
    return writes;
  }

  /// Checks what a store holds after power was lost.
  void checkAfterCrash(History.Found found) {
    check(found, durable);
  }

  /// Checks what a store holds after its process was killed.
  void checkAfterKill(History.Found found) {
    check(found, written);
  }

  /// Checks what a store holds after power was lost and one place of its log was damaged.
  void checkAfterDamage(History.Found found) {
    check(found, vouched);
  }

  /// Checks what a reader sees.
  void checkSeen(History.Found found) {
    check(found, acknowledged);
  }

  /// @param first the first points that may be there
  void check(History.Found found, int[] first) {
    long least = Arrays.stream(first).sum() == 0 ? 0 : writes(first) + untoldDurable;
    boolean goesBack = found.sequence() < least || found.sequence() > writes(last()) + untold;
    if (find(found, first) == null || goesBack) {
      throw new AssertionError(
          found + " is none of the states that may be there: " + describe(first)
              + (find(found, new int[ends.length]) == null
                  ? "; nor was it ever"
                  : "; it was there before"));
    }
  }

  /// The cut behind which nothing was begun.
  int[] last() {
    int[] last = ends.clone();
    for (int client = 0; client < last.length; client++) {
      last[client]--;
    }
    return last;
  }

  private String describe(int[] from) {
    StringBuilder text = new StringBuilder();
    for (int client = 0; client < ends.length; client++) {
      for (int i = from[client]; i < ends[client]; i++) {
        History.Point point = points.get(client).get(i);
        text.append("\n  client ").append(client);
        text.append(" after batch ").append(point.number()).append(": ");
        text.append(Arrays.toString(point.state())).append(", ").append(point.writes());
        text.append(" writes, has seen ").append(Arrays.toString(point.seen()));
      }
    }
    return text.toString();
  }

  /// Whether the same may be found in both.
  @SuppressWarnings("ReferenceEquality") // A list is only ever added to.
  boolean isSame(@Nullable HistoryView other) {
    if (other == null) {
      return false;
    }
    boolean same = points.size() == other.points.size();
    for (int client = 0; same && client < points.size(); client++) {
      same = points.get(client) == other.points.get(client);
    }
    return same
        && Arrays.equals(written, other.written)
        && Arrays.equals(durable, other.durable)
        && Arrays.equals(ends, other.ends)
        && spent.equals(other.spent);
  }

  /// What a reader may see that began now and ended then.
  HistoryView until(HistoryView later) {
    return new HistoryView(
        history,
        later.points,
        acknowledged,
        written,
        durable,
        vouched,
        later.ends,
        untold,
        untoldDurable,
        spent);
  }

  /// Writes that must be there after a loss of power.
  long promised() {
    return writes(durable);
  }
}
