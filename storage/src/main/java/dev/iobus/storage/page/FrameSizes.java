package dev.iobus.storage.page;

/// The capacities that frames come in: steps of 1 KiB to 16 KiB, then four per doubling to
/// 256 KiB. Pure functions of a class number, 0 to [#COUNT] − 1.
final class FrameSizes {

  static final int CAPACITY_MAX = 256 << 10;

  private static final int STEPS = 16;
  private static final int STEP_BYTES = 1 << 10;

  static final int COUNT = STEPS + 4 * 4;

  static {
    assert capacity(0) == STEP_BYTES;
    assert capacity(COUNT - 1) == CAPACITY_MAX;
  }

  private FrameSizes() {}

  /// Bytes of a frame of that class.
  static int capacity(int sizeClass) {
    if (sizeClass < STEPS) {
      return (sizeClass + 1) * STEP_BYTES;
    }
    int doubling = (sizeClass - STEPS) / 4;
    int quarter = (sizeClass - STEPS) % 4 + 1;
    int base = (STEPS * STEP_BYTES) << doubling;
    return base + base / 4 * quarter;
  }

  /// The smallest class that holds `length` bytes, 0 to [#CAPACITY_MAX].
  static int classOf(int length) {
    assert length >= 0 : length;
    assert length <= CAPACITY_MAX : length;
    if (length <= STEPS * STEP_BYTES) {
      return Math.max(0, (length - 1) / STEP_BYTES);
    }
    // length − 1 lies in [base, 2 × base): the doubling is its magnitude above 16 KiB.
    int doubling = 31 - Integer.numberOfLeadingZeros((length - 1) / (STEPS * STEP_BYTES));
    int base = (STEPS * STEP_BYTES) << doubling;
    int quarter = (length - 1 - base) / (base / 4);
    return STEPS + doubling * 4 + quarter;
  }
}
