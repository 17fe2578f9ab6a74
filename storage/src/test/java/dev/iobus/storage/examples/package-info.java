/// Programs on the parts of this module, to start from, which every build runs:
///
/// - [dev.iobus.storage.examples.DurableQueue]: a queue on the log;
/// - [dev.iobus.storage.examples.BTree]: a durable B-tree on the page cache and the log, with its
///   pages in [dev.iobus.storage.examples.Node] and [dev.iobus.storage.examples.NodeCodec].
@NullMarked
package dev.iobus.storage.examples;

import org.jspecify.annotations.NullMarked;
