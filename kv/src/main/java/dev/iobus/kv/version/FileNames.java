package dev.iobus.kv.version;

import dev.iobus.storage.file.FileKind;

/// The names of the files that a store generates beside its log. A number is only a name: what a
/// file is stands in its header and in the manifest. Stateless.
public final class FileNames {

  /// What the names of the log's segments begin with.
  public static final String LOG_PREFIX = "wal";

  /// The largest number that a name can hold, and one less, so that there is always a next.
  static final long NUMBER_MAX = 999_999_999_999_999_998L;

  private static final String MANIFEST = "manifest-";
  private static final String TABLE = "table-";
  private static final String TEMPORARY = ".new";
  private static final int DIGITS = 12;

  private FileNames() {}

  public static String table(long number) {
    return TABLE + digits(number);
  }

  public static String manifest(long number) {
    return MANIFEST + digits(number);
  }

  /// Where a manifest is written before it is renamed to its final name.
  public static String temporaryManifest(long number) {
    return manifest(number) + TEMPORARY;
  }

  /// The number in the final name of a file of that kind, or −1 when `name` is none.
  public static long numberOf(FileKind kind, String name) {
    return switch (kind) {
      case MANIFEST -> parse(MANIFEST, name);
      case SSTABLE -> parse(TABLE, name);
      case WAL_SEGMENT, VALUE_FILE -> -1;
    };
  }

  public static boolean isTemporaryManifest(String name) {
    return name.endsWith(TEMPORARY)
        && parse(MANIFEST, name.substring(0, name.length() - TEMPORARY.length())) >= 0;
  }

  private static String digits(long number) {
    if (number < 0) {
      throw new IllegalArgumentException("file number " + number + " is negative");
    }
    String text = Long.toString(number);
    return text.length() >= DIGITS ? text : "0".repeat(DIGITS - text.length()) + text;
  }

  private static long parse(String prefix, String name) {
    int length = name.length() - prefix.length();
    if (!name.startsWith(prefix) || length < DIGITS || length > 18) {
      return -1;
    }
    long number = 0;
    for (int i = prefix.length(); i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }
}
