/** A multiplexer for asynchronous I/O. */
module dev.iobus {
  requires static org.jspecify;
  requires static jdk.jfr;
  requires jdk.unsupported;

  exports dev.iobus;
  exports dev.iobus.sim;
}
