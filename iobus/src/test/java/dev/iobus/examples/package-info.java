/// Programs to read and to start from. Each is one file that needs the classes of `iobus` and
/// nothing else:
///
/// ```sh
/// mvn -q -DskipTests package -pl iobus -am
/// java --enable-native-access=ALL-UNNAMED -cp iobus/target/classes \
///     iobus/src/test/java/dev/iobus/examples/FileCopy.java FROM TO
/// ```
///
/// In the order in which they are best read:
/// - [dev.iobus.examples.FileCopy]: many reads and writes in flight, in one registered buffer;
/// - [dev.iobus.examples.TwoBuses]: a bus that waits on another;
/// - [dev.iobus.examples.EchoServer]: operations with many results, buffers from a pool, deadlines;
/// - [dev.iobus.examples.HttpResponder]: requests in pieces and several at a time, bounds for all
///   that a peer sends;
/// - [dev.iobus.examples.SavedNumber]: code that is proven against every loss of power, on a
///   simulated host;
/// - [dev.iobus.examples.SimulatedEcho]: the echo server on a simulated host whose network misbehaves.
///
/// `ExamplesTest`, `SavedNumberTest` and `SimulatedEchoTest` run them all with every build.
@NullMarked
package dev.iobus.examples;

import org.jspecify.annotations.NullMarked;
