package dev.iobus.kv.simulation;

import dev.iobus.storage.wal.Durability;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The model of a store that clients write to: what each has written, batch after batch, and which
/// batches the store has promised to keep. It knows nothing of how a store works.
///
/// Each client writes keys of its own, so a state of the store says how far it has come: which of its
/// batches it may hold last. A point is what a client's keys hold after one of its batches; a cut has
/// a point of each client. The store commits all batches in one order, of which a crash leaves a
/// beginning. Nobody tells what that order is, but this: a batch that was acknowledged before another
/// one began is before it. So a cut is possible only if every batch that its batches have seen is in
/// it.
///
/// A state says for each key which batch wrote its value, 0 for none. Batches are numbered from 1, in
/// the order in which they began; one that a crash has taken never gives its number to another, so
/// that it is recognised should it come back.
///
/// Confined to the simulation that runs.
final class History {

  /// What a client's keys hold after a batch.
  ///
  /// @param state of all keys; those of others are 0
  /// @param writes puts and deletes of the client up to there, each of which has a sequence number
  /// @param seen the point of each client that was acknowledged when the batch began
  /// @param safe the point of each client that was durable when the batch began
  /// @param vouched the point of each client that one damaged place could not take by then
  record Point(
      int number, int[] state, long writes, int[] seen, int[] safe, int[] vouched) {}

  /// What a store was found to hold.
  ///
  /// @param state as above
  /// @param sequence the number of its last write
  record Found(int[] state, long sequence) {

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Found found
          && sequence == found.sequence
          && Arrays.equals(state, found.state);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(state) + Long.hashCode(sequence);
    }

    @Override
    public String toString() {
      return Arrays.toString(state) + " at sequence " + sequence;
    }
  }

  private final int clients;

  // Of each client, in its order; the first point is before all batches.
  private final List<List<Point>> points;

  /// Sizes of values, by batch and key.
  private final List<int[]> sizes;

  // Indexes of points, one for each client: batches up to there were acknowledged so.
  private int[] acknowledged;
  private int[] written;
  private int[] durable;

  /// What one damaged place in the log cannot take away: a later batch, durable too, tells of it.
  private int[] vouched;

  /// What two damaged places cannot: two later batches do, of which one began after the other.
  private int[] vouchedTwice;

  /// Writes that a store held when it was opened and that left no trace, as others are over them.
  private long untold;

  /// Of those, how many are durable.
  private long untoldDurable;

  private SpentNumbers spent = SpentNumbers.NONE;

  /// @param clients 1 or more, up to [Entries#CLIENTS]
  History(int clients) {
    this(clients, new ArrayList<>(List.of(new int[Entries.KEYS])));
  }

  private History(int clients, List<int[]> sizes) {
    this.clients = clients;
    this.sizes = sizes;
    points = new ArrayList<>();
    int[] none = new int[clients];
    for (int client = 0; client < clients; client++) {
      points.add(new ArrayList<>(List.of(new Point(0, new int[Entries.KEYS], 0, none, none, none))));
    }
    acknowledged = none.clone();
    written = none.clone();
    durable = none.clone();
    vouched = none.clone();
    vouchedTwice = none.clone();
  }

  int clients() {
    return clients;
  }

  /// A history that goes on from what a crash has left of the store.
  ///
  /// @param killed whether power stayed on, so that it need not be durable
  History after(HistoryView view, Found found, boolean killed) {
    History after = new History(clients, new ArrayList<>(sizes));
    for (int client = 0; client < clients; client++) {
      after.points.set(client, view.points().get(client));
    }
    after.spent = view.spent();
    after.cutAt(view, found);
    if (killed) {
      after.durable = least(view.durable(), after.durable);
      after.vouched = least(view.vouched(), after.vouched);
      after.untoldDurable =
          view.writes(view.durable()) + view.untoldDurable() - view.writes(after.durable);
      after.vouchedTwice = new int[clients];
    }
    return after;
  }

  /// A batch that changed nothing may be durable and behind what was found all the same.
  private static int[] least(int[] marks, int[] last) {
    int[] least = new int[marks.length];
    Arrays.setAll(least, client -> Math.min(marks[client], last[client]));
    return least;
  }

  /// Forgets what is behind what was found.
  private void cutAt(HistoryView view, Found found) {
    int[] cut = view.find(found, new int[clients]);
    if (cut == null) {
      throw new AssertionError(found + " was never there");
    }
    for (int client = 0; client < clients; client++) {
      points.set(client, new ArrayList<>(view.points().get(client).subList(0, cut[client] + 1)));
    }
    untold = found.sequence - view.writes(cut);
    untoldDurable = untold;
    keepAll();
  }

  /// What there is, is durable, and whoever has opened the store has written down that it is.
  private void keepAll() {
    int[] last = view().last();
    for (int client = 0; client < clients; client++) {
      int twice = Math.max(vouched[client], vouchedTwice[client]);
      vouchedTwice[client] = Math.min(twice, last[client]);
    }
    acknowledged = last;
    written = last.clone();
    durable = last.clone();
    vouched = last.clone();
  }

  HistoryView view() {
    int[] ends = new int[clients];
    for (int client = 0; client < clients; client++) {
      ends[client] = points.get(client).size();
    }
    return new HistoryView(
        this,
        List.copyOf(points),
        acknowledged.clone(),
        written.clone(),
        durable.clone(),
        vouched.clone(),
        ends,
        untold,
        untoldDurable,
        spent);
  }

  /// What a client's keys hold, if nothing has failed.
  int[] last(int client) {
    return points.get(client).getLast().state;
  }

  /// Which batches are visible to whoever begins to read now, one of each client.
  int[] seen() {
    return acknowledged.clone();
  }

  /// A batch of a client begins. Returns its number.
  int begin(int client, List<Step.Change> changes) {
    int number = sizes.size();
    Point before = points.get(client).getLast();
    int[] state = before.state.clone();
    int[] size = new int[Entries.KEYS];
    for (Step.Change change : changes) {
      state[change.key()] = change.isDelete() ? 0 : number;
      size[change.key()] = change.size();
    }
    sizes.add(size);
    long writes = before.writes + changes.size();
    points.get(client).add(
        new Point(
            number, state, writes, acknowledged.clone(), durable.clone(), vouched.clone()));
    return number;
  }

  /// The last batch of a client was acknowledged.
  void acknowledged(int client, Durability durability) {
    List<Point> own = points.get(client);
    Point point = own.getLast();
    acknowledged[client] = own.size() - 1;
    if (durability == Durability.BUFFERED) {
      return;
    }
    // Before it is what was visible when it began.
    raise(written, point.seen);
    written[client] = Math.max(written[client], own.size() - 1);
    if (durability == Durability.SYNCED) {
      raise(durable, point.seen);
      durable[client] = Math.max(durable[client], own.size() - 1);
      raise(vouched, point.safe);
      raise(vouchedTwice, point.vouched);
    }
  }

  /// What was visible is durable now.
  void durable(int[] seen) {
    raise(written, seen);
    raise(durable, seen);
  }

  /// As [#durable(int[])], and no damage of the log can take it.
  void inTables(int[] seen) {
    durable(seen);
    raise(vouched, seen);
  }

  private static void raise(int[] marks, int[] to) {
    for (int i = 0; i < marks.length; i++) {
      marks[i] = Math.max(marks[i], to[i]);
    }
  }

  /// Everything is durable, if a store was closed and nothing had failed.
  void durableIf(boolean closedWell) {
    if (closedWell) {
      durable(view().last());
    }
  }

  /// The last batch of a client was refused: it must never be seen.
  void refused(int client) {
    List<Point> own = points.get(client);
    points.set(client, new ArrayList<>(own.subList(0, own.size() - 1)));
  }

  /// A store that was opened holds this, and keeps it: the batches behind it are gone for ever.
  ///
  /// @param kept the first points that may be found
  /// @throws AssertionError when it cannot be
  void settle(Found found, Kept kept) {
    HistoryView view = view();
    view.check(
        found,
        switch (kept) {
          case ALL -> view.last();
          case WRITTEN -> written;
          case DURABLE -> durable;
          case VOUCHED -> vouched;
          case VOUCHED_TWICE -> vouchedTwice;
          case ANY -> new int[clients];
        });
    cutAt(view, found);
  }

  /// How much of what was there a store may have lost before it was opened.
  enum Kept {
    /// It was closed and has said that all is well.
    ALL,
    /// Its process was killed.
    WRITTEN,
    /// Power was lost, or something has failed.
    DURABLE,
    /// One write has done something else than was said, or one bit that was read was wrong.
    VOUCHED,
    /// Two of those.
    VOUCHED_TWICE,
    /// More, or such that much of a log may have been hidden by one.
    ANY;

    /// The one that promises less.
    Kept or(Kept other) {
      return compareTo(other) < 0 ? other : this;
    }
  }

  /// Numbers of files that were used for certain.
  void spend(SpentNumbers numbers) {
    spent = spent.or(numbers);
  }

  SpentNumbers spent() {
    return spent;
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
