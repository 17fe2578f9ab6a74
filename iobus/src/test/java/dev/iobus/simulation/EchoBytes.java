package dev.iobus.simulation;

import java.nio.ByteBuffer;

/// The bytes that go over one connection: each follows from the connection and its place, so that one
/// which is lost, comes twice or comes elsewhere is found out. They begin with the connection's number.
/// What is given back has every bit turned over. Stateless.
final class EchoBytes {

  static final int NUMBER_BYTES = 4;

  private EchoBytes() {}

  /// The byte at a place, from 0.
  static byte at(int connection, long place) {
    if (place < NUMBER_BYTES) {
      return (byte) (connection >> (8 * (NUMBER_BYTES - 1 - (int) place)));
    }
    long mixed = (connection * 0x9E37_79B9L + place) * 0xBF58_476D_1CE4_E5B9L;
    return (byte) (mixed >>> 56);
  }

  static byte backAt(int connection, long place) {
    return (byte) ~at(connection, place);
  }

  /// The number that a connection begins with.
  static int number(byte[] first) {
    return ByteBuffer.wrap(first).getInt();
  }
}
