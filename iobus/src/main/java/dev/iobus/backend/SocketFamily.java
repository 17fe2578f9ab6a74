package dev.iobus.backend;

/// The families of sockets, as numbers of [Request#family].
public final class SocketFamily {

  public static final int UNIX = 0;
  public static final int INET = 1;
  public static final int INET6 = 2;

  private SocketFamily() {}
}
