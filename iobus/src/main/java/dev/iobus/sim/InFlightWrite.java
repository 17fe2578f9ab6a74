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

  byte[] bytes() {
    return bytes;
  }
}
