/// The parts one by one, under JMH. Start at [StoreGetBenchmark].
///
/// Forks need `--enable-native-access`, so every benchmark says it in its `@Fork`. Data lies in a
/// fresh directory under the temporary directory of the JVM, removed at the end; choose a disk
/// with `-jvmArgsAppend -Djava.io.tmpdir=DIR`.
@NullMarked
package dev.iobus.bench.jmh;

import org.jspecify.annotations.NullMarked;
