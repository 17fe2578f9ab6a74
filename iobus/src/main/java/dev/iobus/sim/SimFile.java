package dev.iobus.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The bytes and the length of a file, live and durable apart.
///
/// Bytes and length become durable independently: a crash may leave the new length over old bytes
/// (delayed allocation), or new bytes behind the old length, which are then gone.
///
/// Invariants.
/// 1. A sector that is absent is zero in every version.
/// 2. Live bytes behind the live length are zero.
/// 3. [#dirty] has every sector that is dirty.
///
/// Confined to the holder of the disk.
final class SimFile extends SimNode {

  /// Longer files are refused with EFBIG.
  static final long LENGTH_MAX = 1L << 30;

  /// How a write reaches the device.
  enum Way {
    /// Through the page cache, later.
    CACHED,
    /// Past the page cache, into the cache of the device.
    DIRECT,
    /// To stable storage.
    DURABLE,
    /// Not at all.
    LOST
  }

  private @Nullable Sector[] sectors = new @Nullable Sector[16];
  private final BitSet dirty = new BitSet();

  private long length;
  private long durableLength;
  /// Lengths since the durable one, oldest first.
  private final List<Long> lengths = new ArrayList<>();

  SimFile(long inode) {
    super(inode);
  }

  long length() {
    return length;
  }

  /// Bytes at `offset`, as many as there are and as fit.
  ///
  /// @param direct whether past the page cache
  /// @return how many
  int read(long offset, byte[] into, int at, int count, boolean direct) {
    int available = (int) Math.max(0, Math.min(count, length - offset));
    copy(offset, into, at, available, direct ? Side.DEVICE : Side.CACHE);
    return available;
  }

  /// As [#read], from what was there before: a device that has lost a write.
  int readStale(long offset, byte[] into, int at, int count) {
    int available = (int) Math.max(0, Math.min(count, length - offset));
    copy(offset, into, at, available, Side.STALE);
    return available;
  }

  private enum Side {
    CACHE,
    DEVICE,
    STALE
  }

  private void copy(long offset, byte[] into, int at, int count, Side side) {
    int done = 0;
    while (done < count) {
      long position = offset + done;
      int from = (int) (position % Sector.BYTES);
      int part = Math.min(Sector.BYTES - from, count - done);
      Sector sector = sectorAt((int) (position / Sector.BYTES));
      byte[] content = Sector.ZEROS;
      if (sector != null) {
        content =
            switch (side) {
              case CACHE -> sector.cached();
              case DEVICE -> sector.onDevice();
              case STALE -> sector.stale();
            };
      }
      System.arraycopy(content, from, into, at + done, part);
      done += part;
    }
  }

  void write(long offset, byte[] source, int at, int count, Way way) {
    writeSectors(offset, source, at, count, way);
    long end = offset + count;
    if (count > 0 && end > length) {
      changeLength(end);
    }
    if (way == Way.DURABLE && count > 0) {
      // What is needed to read the bytes back is durable with them, and nothing else.
      durableLength = Math.max(durableLength, end);
      lengths.removeIf(shorter -> shorter < end);
    }
  }

  /// Writes by mistake of the device: durably, and without a change of the length.
  void damage(long offset, byte[] source, int count) {
    int inside = (int) Math.max(0, Math.min(count, length - offset));
    writeSectors(offset, source, 0, inside, Way.DURABLE);
  }

  private void writeSectors(long offset, byte[] source, int at, int count, Way way) {
    int done = 0;
    while (done < count) {
      long position = offset + done;
      int from = (int) (position % Sector.BYTES);
      int part = Math.min(Sector.BYTES - from, count - done);
      int index = (int) (position / Sector.BYTES);
      Sector sector = sectorAt(index);
      if (sector == null && !isZero(source, at + done, part)) {
        sector = newSector(index);
      }
      if (sector != null) {
        switch (way) {
          case CACHED -> sector.write(from, source, at + done, part, false);
          case DIRECT -> sector.write(from, source, at + done, part, true);
          case DURABLE -> sector.writeDurably(from, source, at + done, part);
          case LOST -> sector.writeLost(from, source, at + done, part);
        }
        dirty.set(index, sector.isDirty());
      }
      done += part;
    }
  }

  /// A number that stands for the live bytes.
  long contentHash() {
    long hash = length;
    int end = (int) Math.min(sectors.length, (length + Sector.BYTES - 1) / Sector.BYTES);
    for (int i = 0; i < end; i++) {
      Sector sector = sectors[i];
      // One that is absent is zero, and one that is zero counts as absent.
      if (sector != null && !isZero(sector.cached(), 0, Sector.BYTES)) {
        hash = Trace.mix(hash, i * 0x1_0000_0000L + Arrays.hashCode(sector.cached()));
      }
    }
    return hash;
  }

  private static boolean isZero(byte[] bytes, int from, int count) {
    return Arrays.equals(bytes, from, from + count, Sector.ZEROS, 0, count);
  }

  void truncate(long newLength) {
    if (newLength < length) {
      byte[] zeros = new byte[Sector.BYTES];
      int first = (int) (newLength / Sector.BYTES);
      int last = (int) ((length - 1) / Sector.BYTES);
      for (int index = first; index <= last; index++) {
        Sector sector = sectorAt(index);
        if (sector != null) {
          int from = index == first ? (int) (newLength % Sector.BYTES) : 0;
          sector.write(from, zeros, 0, Sector.BYTES - from, false);
          dirty.set(index);
        }
      }
    }
    if (newLength != length) {
      changeLength(newLength);
    }
  }

  private void changeLength(long newLength) {
    length = newLength;
    lengths.add(newLength);
  }

  /// Makes everything durable that is written.
  void sync() {
    for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
      existing(i).sync();
    }
    dirty.clear();
    durableLength = length;
    lengths.clear();
  }

  /// A sync that fails: each dirty sector has reached the device or is lost, and all are clean.
  void syncInVain(RandomGenerator random) {
    boolean all = random.nextInt(4) == 0;
    for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
      existing(i).syncInVain(!all && random.nextBoolean());
    }
    dirty.clear();
    if (!lengths.isEmpty() && random.nextBoolean()) {
      durableLength = lengths.get(random.nextInt(lengths.size()));
    }
    lengths.clear();
  }

  /// Whether something would be lost by a crash.
  boolean isDirty() {
    return !dirty.isEmpty() || !lengths.isEmpty();
  }

  /// Lets the page cache forget what is clean, so that reads see what the device has.
  void dropCache() {
    for (Sector sector : sectors) {
      if (sector != null) {
        sector.dropCache();
      }
    }
  }

  /// Damages one bit at rest.
  void flip(long offset, int bit) {
    int index = (int) (offset / Sector.BYTES);
    Sector sector = sectorAt(index);
    (sector == null ? newSector(index) : sector).flip((int) (offset % Sector.BYTES), bit);
    dirty.clear(index);
  }

  /// The same file on another disk.
  SimFile copy() {
    SimFile copy = new SimFile(inode());
    copy.modified(modifiedMillis());
    copy.sectors = new @Nullable Sector[sectors.length];
    for (int i = 0; i < sectors.length; i++) {
      Sector sector = sectors[i];
      copy.sectors[i] = sector == null ? null : sector.copy();
    }
    copy.dirty.or(dirty);
    copy.length = length;
    copy.durableLength = durableLength;
    copy.lengths.addAll(lengths);
    return copy;
  }

  /// The file as a loss of power leaves it.
  SimFile afterCrash(CrashChoice choice, List<InFlightWrite> inFlight) {
    SimFile after = new SimFile(inode());
    after.modified(modifiedMillis());
    after.sectors = new @Nullable Sector[sectors.length];
    for (int i = 0; i < sectors.length; i++) {
      Sector sector = sectors[i];
      if (sector != null) {
        after.sectors[i] =
            dirty.get(i) ? sector.afterCrash(choice.keeps(), choice.random()) : sector.afterCrash();
      }
    }
    long newLength = durableLength;
    if (!lengths.isEmpty() && choice.keeps()) {
      newLength = lengths.get(choice.random().nextInt(lengths.size()));
    }
    for (InFlightWrite write : inFlight) {
      if (write.file() == this) {
        newLength = Math.max(newLength, after.land(write, choice));
      }
    }
    after.settle(newLength);
    return after;
  }

  /// Lets some sectors of a write land that had not ended. Returns the length that it may give the
  /// file.
  private long land(InFlightWrite write, CrashChoice choice) {
    byte[] bytes = write.bytes();
    long reached = 0;
    int done = 0;
    while (done < bytes.length) {
      long position = write.offset() + done;
      int from = (int) (position % Sector.BYTES);
      int part = Math.min(Sector.BYTES - from, bytes.length - done);
      int index = (int) (position / Sector.BYTES);
      Sector sector = sectorAt(index);
      byte[] old = sector == null ? Sector.ZEROS : sector.durable();
      byte[] torn = choice.torn(old, from, bytes, done, part);
      if (torn != null) {
        newSector(index);
        sectors[index] = Sector.of(torn);
        reached = position + part;
      }
      done += part;
    }
    return choice.keeps() ? reached : 0;
  }

  /// Gives a file after a crash its length: what lies behind it is gone.
  private void settle(long newLength) {
    length = newLength;
    durableLength = newLength;
    int first = (int) (newLength / Sector.BYTES);
    int from = (int) (newLength % Sector.BYTES);
    for (int i = first; i < sectors.length; i++) {
      Sector sector = sectors[i];
      if (sector != null) {
        boolean cut = i == first && from > 0;
        byte[] rest = Arrays.copyOf(Arrays.copyOf(sector.durable(), from), Sector.BYTES);
        sectors[i] = cut ? Sector.of(rest) : null;
      }
    }
  }

  private @Nullable Sector sectorAt(int index) {
    return index < sectors.length ? sectors[index] : null;
  }

  private Sector existing(int index) {
    Sector sector = sectorAt(index);
    assert sector != null : "a dirty sector is absent";
    return sector;
  }

  private Sector newSector(int index) {
    if (index >= sectors.length) {
      sectors = Arrays.copyOf(sectors, Math.max(index + 1, 2 * sectors.length));
    }
    Sector sector = new Sector();
    sectors[index] = sector;
    return sector;
  }
}
