package dev.iobus.backend;

/// How to open a file, as bits of an int. Every open also has close-on-exec, and creates with
/// mode 0600.
public final class OpenBits {

  public static final int READ = 1;
  public static final int WRITE = 1 << 1;
  public static final int CREATE = 1 << 2;
  public static final int EXCLUSIVE = 1 << 3;
  public static final int TRUNCATE = 1 << 4;
  public static final int DIRECT = 1 << 5;
  public static final int DIRECTORY = 1 << 6;
  public static final int NO_FOLLOW = 1 << 7;

  private OpenBits() {}
}
