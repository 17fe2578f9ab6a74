package dev.iobus.bench.bus;

import java.nio.file.OpenOption;
import java.util.Locale;

/// Whether transfers go through the kernel's page cache.
enum Caching {
  /// Past it (`O_DIRECT`).
  DIRECT,
  /// Through it.
  BUFFERED;

  private static final String OPTIONS_CLASS = "com.sun.nio.file.ExtendedOpenOption";

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// How a channel is opened for it.
  OpenOption[] openOptions() {
    return switch (this) {
      case DIRECT -> new OpenOption[] {directOption()};
      case BUFFERED -> new OpenOption[0];
    };
  }

  /// By name: the option is public, and javac warns of every mention that it is not standard.
  private static OpenOption directOption() {
    try {
      Class<?> type = Class.forName(OPTIONS_CLASS);
      return (OpenOption) type.getField("DIRECT").get(null);
    } catch (ReflectiveOperationException e) {
      throw new UnsupportedOperationException("this JDK has no direct I/O for channels", e);
    }
  }
}
