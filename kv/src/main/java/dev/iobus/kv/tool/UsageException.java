package dev.iobus.kv.tool;

/// The command line is not one that the tool understands.
final class UsageException extends Exception {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
