package dev.iobus.sim;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// 512 bytes of a file, in all the versions that a loss of power may leave.
///
/// Arrays are shared between versions and never written to once they are in a field.
///
/// Confined to the holder of the disk.
final class Sector {

  static final int BYTES = 512;

  static final byte[] ZEROS = new byte[BYTES];

  /// More versions than this are thinned out: a crash then has a smaller choice, and all of it is
  /// possible.
  private static final int VERSIONS_MAX = 8;

  private static final byte[][] NONE = {};

  /// What reads through the page cache see.
  private byte[] cached = ZEROS;

  /// What is there after a crash for certain, if no later version is.
  private byte[] durable = ZEROS;

  /// What was durable before that.
  private byte[] former = ZEROS;

  /// Written and not made durable, oldest first: each may have reached the device by itself.
  private byte[][] versions = NONE;

  Sector() {}

  private Sector(byte[] content) {
    cached = content;
    durable = content;
  }

  byte[] cached() {
    return cached;
  }

  byte[] durable() {
    return durable;
  }

  /// What was there before the newest bytes.
  byte[] stale() {
    return isDirty() ? durable : former;
  }

  private void makeDurable(byte[] content) {
    if (!Arrays.equals(content, durable)) {
      former = durable;
    }
    durable = content;
  }

  /// What a read past the page cache sees, after what is dirty was written back. It differs from
  /// [#cached()] where a failed sync has marked bytes as clean that were never written.
  byte[] onDevice() {
    return versions.length == 0 ? durable : versions[versions.length - 1];
  }

  boolean isDirty() {
    return versions.length > 0;
  }

  /// Writes `length` bytes, not durably.
  ///
  /// @param from where in the sector
  void write(int from, byte[] source, int at, int length, boolean direct) {
    cached = overlaid(direct ? onDevice() : cached, from, source, at, length);
    if (versions.length < VERSIONS_MAX) {
      versions = Arrays.copyOf(versions, versions.length + 1);
    } else {
      versions = versions.clone();
      System.arraycopy(versions, 2, versions, 1, versions.length - 2);
    }
    versions[versions.length - 1] = cached;
  }

  /// Writes `length` bytes durably: these and no others. Older bytes beside them stay as uncertain
  /// as they were.
  void writeDurably(int from, byte[] source, int at, int length) {
    makeDurable(overlaid(durable, from, source, at, length));
    cached = overlaid(cached, from, source, at, length);
    if (length == BYTES) {
      versions = NONE;
      return;
    }
    byte[][] changed = new byte[versions.length][];
    for (int i = 0; i < changed.length; i++) {
      changed[i] = overlaid(versions[i], from, source, at, length);
    }
    versions = changed;
  }

  /// Writes to the page cache alone, as if the device had lost the write.
  void writeLost(int from, byte[] source, int at, int length) {
    cached = overlaid(cached, from, source, at, length);
  }

  private static byte[] overlaid(byte[] old, int from, byte[] source, int at, int length) {
    byte[] merged = length == BYTES ? new byte[BYTES] : old.clone();
    System.arraycopy(source, at, merged, from, length);
    return merged;
  }

  void sync() {
    makeDurable(onDevice());
    versions = NONE;
  }

  /// A sync that failed: the newest version may be on the device or lost, and nobody will write it
  /// again. The page cache shows it in either case.
  void syncInVain(boolean reached) {
    if (reached) {
      makeDurable(onDevice());
    }
    versions = NONE;
  }

  void dropCache() {
    cached = onDevice();
  }

  /// Damages the bytes at rest.
  void flip(int index, int bit) {
    byte[] damaged = onDevice().clone();
    damaged[index] ^= (byte) (1 << bit);
    durable = damaged;
    cached = damaged;
    versions = NONE;
  }

  Sector copy() {
    Sector copy = new Sector();
    copy.cached = cached;
    copy.durable = durable;
    copy.former = former;
    copy.versions = versions;
    return copy;
  }

  /// What a crash leaves: the durable bytes, or any version that was written since.
  Sector afterCrash(boolean mayBeNewer, RandomGenerator random) {
    boolean newer = mayBeNewer && versions.length > 0;
    return new Sector(newer ? versions[random.nextInt(versions.length)] : durable);
  }

  /// What a crash leaves of a sector that is not dirty.
  Sector afterCrash() {
    return new Sector(durable);
  }

  /// A sector with one known content.
  static Sector of(byte[] content) {
    return new Sector(content);
  }
}
