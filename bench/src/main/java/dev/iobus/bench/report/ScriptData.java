package dev.iobus.bench.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

/// Writes JSON that may stand inside a `script` element. There HTML knows no entities, and the
/// first `</script` or `<!--` ends or changes the element; so these characters are written as
/// escapes of JSON.
final class ScriptData {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ScriptData() {}

  /// `value` as JSON in one line.
  static String of(Object value) {
    try {
      return JSON.writeValueAsString(value)
          .replace("<", "\\u003c")
          .replace(">", "\\u003e")
          .replace("&", "\\u0026")
          .replace("\u2028", "\\u2028")
          .replace("\u2029", "\\u2029");
    } catch (JsonProcessingException e) {
      throw new AssertionError("numbers and names cannot be written as JSON", e);
    }
  }
}
