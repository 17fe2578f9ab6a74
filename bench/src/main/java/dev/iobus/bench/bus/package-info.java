/// One bus against `fio` on one file: 4 KiB random reads past the page cache.
///
/// A [BlockFile] is the file, whose every block says which one it is; [DirectReads] reads it
/// through a bus; [Fio] is the yardstick. They run in alternation (A B A B A B).
///
/// Start at [DirectReads].
@NullMarked
package dev.iobus.bench.bus;

import org.jspecify.annotations.NullMarked;
