package dev.iobus.sim;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Requests and answers of [ExchangeScenario]: `int number, int length`, then as many bytes, each of
/// which follows from the number and its place. An answer has every bit of them turned over.
final class ExchangeFormat {

  static final int HEADER_BYTES = 8;
  static final int PAYLOAD_BYTES_MAX = 3000;

  private ExchangeFormat() {}

  static int length(int number) {
    return number * 7919 % PAYLOAD_BYTES_MAX;
  }

  static byte payload(int number, int index) {
    return (byte) (number * 31 + index + (index >> 8));
  }

  /// The bytes of a request.
  static byte[] request(int number) {
    int length = length(number);
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + length).putInt(number).putInt(length);
    for (int i = 0; i < length; i++) {
      bytes.put(payload(number, i));
    }
    return bytes.array();
  }

  /// The answer to a request, which must be as it was sent.
  ///
  /// @param bytes that may be followed by others
  /// @return null while the request is not whole
  static byte @Nullable [] answer(byte[] bytes, int from, int length) {
    if (length < HEADER_BYTES) {
      return null;
    }
    ByteBuffer header = ByteBuffer.wrap(bytes, from, HEADER_BYTES);
    int number = header.getInt();
    int payload = header.getInt();
    if (number < 0 || payload != length(number)) {
      throw new AssertionError("a request " + number + " of " + payload + " bytes was never sent");
    }
    if (length < HEADER_BYTES + payload) {
      return null;
    }
    byte[] answer = new byte[HEADER_BYTES + payload];
    System.arraycopy(bytes, from, answer, 0, HEADER_BYTES);
    for (int i = 0; i < payload; i++) {
      byte found = bytes[from + HEADER_BYTES + i];
      if (found != payload(number, i)) {
        throw new AssertionError("byte " + i + " of request " + number + " is another");
      }
      answer[HEADER_BYTES + i] = (byte) ~found;
    }
    return answer;
  }
}
