package dev.iobus.sim;

/// Ends a task at the place where it waits, because its simulation has ended or lost power. Whoever
/// catches it passes it on.
final class Ended extends Error {

  private static final long serialVersionUID = 1;

  Ended(String why) {
    super(why, null, false, false);
  }
}
