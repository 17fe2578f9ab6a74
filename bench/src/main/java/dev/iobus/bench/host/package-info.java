/// What the machine and the process have counted: who used the processors, what went to the
/// device, how much memory was taken. Everything is read from `/proc`, `/sys` and the JVM's own
/// beans; what a host does not tell is NaN, never zero.
///
/// [ProcessCounters], [DeviceCounters] and [HostCpu] are snapshots that are subtracted from one
/// another; [PeakMemory] and [PinnedThreads] run between a start and an end; [MemoryCgroup] bounds
/// a child, and [FileCache] makes sure that what the child reads is charged to it.
///
/// Start at [Environment].
@NullMarked
package dev.iobus.bench.host;

import org.jspecify.annotations.NullMarked;
