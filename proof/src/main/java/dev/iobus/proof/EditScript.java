package dev.iobus.proof;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// Bytes as orders to change files: so that a few bytes of input reach deep into a directory that is
/// otherwise whole. Stateless.
///
/// An order takes 14 bytes: file 1, what 1, place 4, number 8; little-endian, each taken modulo what
/// there is. What is left over at the end is ignored.
public final class EditScript {

  private static final int ORDER_BYTES = 14;
  private static final int ORDERS_MAX = 16;

  private EditScript() {}

  /// An order for a script.
  public static byte[] order(int file, int what, int place, long number) {
    return ByteBuffer.allocate(ORDER_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) file)
        .put((byte) what)
        .putInt(place)
        .putLong(number)
        .array();
  }

  /// Carries a script out, on the first 16 orders of it.
  ///
  /// @param files their bytes; a file that is changed is replaced in the list
  public static void apply(byte[] script, List<byte[]> files) {
    ByteBuffer orders = ByteBuffer.wrap(script).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ORDERS_MAX && orders.remaining() >= ORDER_BYTES; i++) {
      int file = Byte.toUnsignedInt(orders.get()) % files.size();
      int what = Byte.toUnsignedInt(orders.get());
      int place = orders.getInt() & Integer.MAX_VALUE;
      files.set(file, change(files.get(file).clone(), what, place, orders.getLong()));
    }
  }

  private static byte[] change(byte[] bytes, int what, int place, long number) {
    if (bytes.length < 16) {
      return bytes;
    }
    int at = place % (bytes.length - 8);
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (what % 9) {
      case 0 -> bytes[at] ^= (byte) (1 << (number & 7));
      case 1 -> bytes[at] = (byte) number;
      case 2 -> view.putShort(at, (short) number);
      case 3 -> view.putInt(at, (int) number);
      case 4 -> view.putLong(at, number);
      case 5 -> view.putInt(at, view.getInt(at) + (byte) number);
      case 6 -> {
        int length = (int) (number & 0x3fff);
        Arrays.fill(bytes, at, Math.min(bytes.length, at + length), (byte) (number >>> 32));
      }
      case 7 -> {
        // A block, or as much as is said, from another place.
        int from = (int) ((number & Integer.MAX_VALUE) % bytes.length);
        int length = 1 + (int) (number >>> 40 & 0x3fff);
        length = Math.min(length, bytes.length - Math.max(from, at));
        System.arraycopy(bytes, from, bytes, at, length);
      }
      default -> {
        return Arrays.copyOf(bytes, at);
      }
    }
    return bytes;
  }
}
