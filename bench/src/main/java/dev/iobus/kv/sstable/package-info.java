/// Benchmarks of what tables are made of, in the package of the classes that they measure, so that
/// those need not be public for it.
@NullMarked
package dev.iobus.kv.sstable;

import org.jspecify.annotations.NullMarked;
