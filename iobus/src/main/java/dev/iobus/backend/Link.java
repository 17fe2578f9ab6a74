package dev.iobus.backend;

/// How a request is tied to the one prepared after it.
public enum Link {
  NONE,
  /// The next request starts after this one, and is cancelled when this one fails or is short.
  CHAIN,
  /// The next request starts after this one, whatever its result.
  SERIALIZE
}
