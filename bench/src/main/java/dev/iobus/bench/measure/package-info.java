/// What every measurement needs: [Workers] repeat a [Workers.Step], as fast as they can or at a
/// [Pace], and give a [Measurement] with its [Latencies] and its [Series]; [Allocation] tells
/// what it cost the heap, [Progress] how far they are.
///
/// Invariants:
/// 1. Latency is the time of the step alone, from its intended start where there is one; the rate is
///    over the wall time of the whole phase, checks included.
/// 2. The first failure of a worker stops all workers and is what the caller gets.
///
/// Start at [Workers].
@NullMarked
package dev.iobus.bench.measure;

import org.jspecify.annotations.NullMarked;
