/** A multiplexer for asynchronous I/O. */
module dev.iobus {
  requires static org.jspecify;
  requires jdk.unsupported;

  exports dev.iobus;
  exports dev.iobus.sim;
}
