/// Hit rates of the page cache on traces, beside those of other caches with as many bytes.
///
/// Nouns, in the order in which one meets them.
/// - [CacheTrace]: which block is used when; [TraceFile]: the same, as somebody has recorded it.
/// - [CacheSubject]: a cache that is used so; [PageCacheSubject], and those of a [CachePeer].
/// - [CacheCommand]: the command line.
///
/// The numbers depend on no clock: each run gives the same ones, but for what a peer does on threads
/// of its own.
@NullMarked
package dev.iobus.bench.cache;

import org.jspecify.annotations.NullMarked;
