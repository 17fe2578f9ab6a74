package dev.iobus.kv.simulation;

import dev.iobus.storage.wal.Durability;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The model of a store that one client writes to: what it held after each batch, and which batches
/// it has promised to keep. A state says for each key which batch wrote its value, 0 for none.
///
/// Batches are numbered from 1; one that a crash has taken never gives its number to another, so
/// that it is recognised should it come back.
///
/// Confined to the simulation that runs.
final class History {

  /// A state after a batch.
  private record Point(int number, int[] state) {}

  private List<Point> points = new ArrayList<>(List.of(new Point(0, new int[Entries.KEYS])));

  /// Sizes of values, by batch and key.
  private final List<int[]> sizes = new ArrayList<>(List.of(new int[Entries.KEYS]));

  // Indexes of points: batches up to there were acknowledged so.
  private int durable;
  private int written;

  /// What may be found at one moment. Immutable.
  ///
  /// @param durable the first point that a loss of power may leave
  /// @param written the first that the end of the process may leave
  /// @param end behind the last that may be
  record View(History history, List<Point> points, int durable, int written, int end) {

    /// The last point from `first` on at which the store held this, or −1.
    private int find(int[] state, int first) {
      for (int i = end - 1; i >= first; i--) {
        if (Arrays.equals(points.get(i).state, state)) {
          return i;
        }
      }
      return -1;
    }

    /// Checks what a store holds after power was lost.
    void checkAfterCrash(int[] state) {
      check(state, durable);
    }

    /// Checks what a store holds after its process was killed.
    void checkAfterKill(int[] state) {
      check(state, written);
    }

    private void check(int[] state, int first) {
      if (find(state, first) < 0) {
        throw new AssertionError(
            Arrays.toString(state) + " is none of the states that may be there: "
                + describe(first, end)
                + (find(state, 0) < 0 ? "; nor was it ever" : "; it was there before"));
      }
    }

    private String describe(int from, int to) {
      StringBuilder text = new StringBuilder();
      for (int i = from; i < to; i++) {
        text.append("\n  after batch ").append(points.get(i).number).append(": ");
        text.append(Arrays.toString(points.get(i).state));
      }
      return text.toString();
    }

    /// Whether the same may be found in both.
    @SuppressWarnings("ReferenceEquality") // A list is only ever added to.
    boolean isSame(@Nullable View other) {
      return other != null
          && points == other.points
          && durable == other.durable
          && written == other.written
          && end == other.end;
    }

    /// Batches that must be there.
    int promised() {
      return points.get(durable).number;
    }
  }

  /// A history that goes on from a state in which a crash has left the store.
  ///
  /// @param killed whether power stayed on, so that it need not be durable
  History after(View view, int[] state, boolean killed) {
    History after = new History();
    after.sizes.addAll(sizes.subList(1, sizes.size()));
    after.points = new ArrayList<>(view.points.subList(0, view.find(state, 0) + 1));
    after.durable();
    after.durable = killed ? view.durable : after.durable;
    return after;
  }

  View view() {
    return new View(this, points, durable, written, points.size());
  }

  /// What the store shows now.
  int[] last() {
    return points.getLast().state;
  }

  /// What it showed before the last batch.
  int[] beforeLast() {
    return points.get(Math.max(0, points.size() - 2)).state;
  }

  /// A batch begins. Returns its number.
  int begin(List<Step.Change> changes) {
    int number = sizes.size();
    int[] state = last().clone();
    int[] size = new int[Entries.KEYS];
    for (Step.Change change : changes) {
      state[change.key()] = change.isDelete() ? 0 : number;
      size[change.key()] = change.size();
    }
    sizes.add(size);
    points.add(new Point(number, state));
    return number;
  }

  /// The last batch was acknowledged.
  void acknowledged(Durability durability) {
    switch (durability) {
      case SYNCED -> durable();
      case WRITTEN -> written = points.size() - 1;
      case BUFFERED -> {}
    }
  }

  /// Everything is durable.
  void durable() {
    durable = points.size() - 1;
    written = durable;
  }

  /// Everything is durable, if a store was closed and nothing had failed.
  void durableIf(boolean closedWell) {
    if (closedWell) {
      durable();
    }
  }

  /// The last batch was refused: it must never be seen.
  void refused() {
    points = new ArrayList<>(points.subList(0, points.size() - 1));
  }

  /// A store that was opened holds this, and keeps it: the batches behind it are gone for ever.
  ///
  /// @param closed whether it was closed before, and said so
  /// @throws AssertionError when it cannot be
  void settle(int[] state, boolean closed) {
    View view = view();
    view.check(state, closed ? points.size() - 1 : durable);
    points = new ArrayList<>(points.subList(0, view.find(state, 0) + 1));
    durable();
  }

  /// The value that a batch wrote under a key.
  byte[] value(int number, int key) {
    return Entries.value(number, key, sizes.get(number)[key]);
  }

  /// The batch that wrote a value under a key.
  ///
  /// @throws AssertionError when none did
  int numberOf(int key, byte[] value) {
    int number = Entries.numberOf(value);
    boolean known = number > 0 && number < sizes.size() && sizes.get(number)[key] == value.length;
    if (!known || !Arrays.equals(value(number, key), value)) {
      throw new AssertionError(
          "nobody wrote the " + value.length + " bytes under key " + key + ", of batch " + number);
    }
    return number;
  }
}
