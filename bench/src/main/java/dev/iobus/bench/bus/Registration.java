package dev.iobus.bench.bus;

import java.util.Locale;

/// Whether the kernel knows file and memory of a ring's transfers beforehand.
enum Registration {
  /// It does: fio's `--registerfiles` and `--fixedbufs`.
  REGISTERED,
  /// It looks both up for each transfer.
  PLAIN;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
