package dev.iobus.kv.version;

/// One tree of keys in a store.
///
/// @param id 1 and up; never reused
/// @param name 1 to 255 bytes of UTF-8
public record Keyspace(int id, String name) {

  /// The keyspace that every store has from the start.
  public static final Keyspace DEFAULT = new Keyspace(1, "default");
}
