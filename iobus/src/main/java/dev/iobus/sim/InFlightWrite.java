package dev.iobus.sim;

/// A write that the device has begun and that has not ended: a crash may leave any part of it.
///
/// Immutable.
final class InFlightWrite {

  private final SimFile file;
  private final long offset;
  private final byte[] bytes;

  /// @param bytes nobody changes them
  InFlightWrite(SimFile file, long offset, byte[] bytes) {
    this.file = file;
    this.offset = offset;
    this.bytes = bytes;
  }

  SimFile file() {
    return file;
  }

  long offset() {
    return offset;
  }

  /// Lets some sectors of it land in a copy of its file, as a process leaves it that ends.
  void landIn(SimFile copy, CrashChoice choice) {
    for (int at = 0; at < bytes.length; ) {
      int part = (int) Math.min(Sector.BYTES - (offset + at) % Sector.BYTES, bytes.length - at);
      if (choice.random().nextBoolean()) {
        copy.write(offset + at, bytes, at, part, SimFile.Way.CACHED);
      }
      at += part;
    }
  }

  byte[] bytes() {
    return bytes;
  }
}
