package dev.iobus.backend;

/// What a POLL waits for and tells, in [Request#mask] and in its result. The bits are those of
/// poll(2) on Linux.
public final class PollBits {

  public static final int READABLE = 1;
  public static final int WRITABLE = 4;
  public static final int ERROR = 8;
  public static final int HANGUP = 16;

  private PollBits() {}
}
