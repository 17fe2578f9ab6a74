package dev.iobus.storage.file;

/// The names that a data directory's files may have: 1 to 64 of `a-z 0-9 . -`, no `..`. None of
/// them can leave the directory, hide, or differ from another by case alone.
final class FileName {

  static final int LENGTH_MAX = 64;

  private FileName() {}

  /// Returns `name` when it is valid.
  ///
  /// @throws IllegalArgumentException when it is not
  static String check(String name) {
    if (name.isEmpty() || name.length() > LENGTH_MAX || name.startsWith(".")) {
      throw invalid(name);
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = c >= 'a' && c <= 'z';
      boolean digit = c >= '0' && c <= '9';
      boolean mark = c == '.' || c == '-';
      if (!letter && !digit && !mark) {
        throw invalid(name);
      }
    }
    if (name.contains("..")) {
      throw invalid(name);
    }
    return name;
  }

  private static IllegalArgumentException invalid(String name) {
    return new IllegalArgumentException(
        "file name \"" + name + "\" is not 1 to 64 of a-z 0-9 . - without a leading or double dot");
  }
}
