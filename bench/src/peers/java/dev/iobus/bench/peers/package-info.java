/// The stores that this one is compared with, each through its own Java binding and with the
/// settings that its documentation recommends. Built by the profile `peers` only.
///
/// | level | RocksDB | LMDB | MVStore |
/// |---|---|---|---|
/// | SYNCED | a write with `sync` | a transaction | `commit` and `sync` |
/// | WRITTEN | a write without | a transaction, `MDB_NOSYNC` | `commit` |
@NullMarked
package dev.iobus.bench.peers;

import org.jspecify.annotations.NullMarked;
