/** A page cache and a write-ahead log over {@code dev.iobus}. */
module dev.iobus.storage {
  requires transitive dev.iobus;
  requires static org.jspecify;
  requires static jdk.jfr;

  exports dev.iobus.storage.file;
  exports dev.iobus.storage.memory;
  exports dev.iobus.storage.page;
  exports dev.iobus.storage.wal;
}
