package dev.iobus.planted;

/// Nobody uses it. Stateless.
final class Other {

  private Other() {}

  static long next(long number) {
    return number + 1;
  }
}
