/** An embedded LSM key-value store over {@code dev.iobus.storage}. */
module dev.iobus.kv {
  requires transitive dev.iobus.storage;
  requires roaringbitmap;
  requires org.lz4.java;
  requires static org.jspecify;

  exports dev.iobus.kv;
}
