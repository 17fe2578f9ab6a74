package dev.iobus.kv.tool;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// How keys and values are written as text.
enum TextForm {
  /// The text itself. Bytes that are not UTF-8 are refused on output: a replaced character would
  /// look like data.
  UTF8 {
    @Override
    byte[] parse(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    String format(byte[] bytes) throws CharacterCodingException {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  },
  /// Two hexadecimal digits a byte.
  HEX {
    @Override
    byte[] parse(String text) throws UsageException {
      try {
        return HexFormat.of().parseHex(text);
      } catch (IllegalArgumentException e) {
        throw new UsageException("'" + text + "' is not hexadecimal: " + e.getMessage());
      }
    }

    @Override
    String format(byte[] bytes) {
      return HexFormat.of().formatHex(bytes);
    }
  };

  /// @throws UsageException when the text has not this form
  abstract byte[] parse(String text) throws UsageException;

  /// @throws CharacterCodingException when the bytes cannot be shown in this form
  abstract String format(byte[] bytes) throws CharacterCodingException;
}
