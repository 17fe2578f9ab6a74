package dev.iobus.bench.command;

/// What the process tells its caller.
public final class ExitStatus {

  /// Everything was done and every answer was right.
  public static final int OK = 0;

  /// A wrong answer, or a failure on the way.
  public static final int FAILURE = 1;

  /// The command line is wrong.
  public static final int USAGE = 2;

  /// The host lacks something: a JDK, a tool, a backend (`EX_CONFIG` of sysexits.h).
  public static final int ENVIRONMENT = 78;

  private ExitStatus() {}
}
