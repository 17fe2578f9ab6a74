/// A server and its clients on a simulated host, over sockets that are short, slow and break. Only the
/// public face of `dev.iobus` is used.
///
/// - A plan is a list of [SocketPart]s; [SocketScenario] makes one of a seed and carries it out.
/// - [EchoServer] gives back what it receives; [EchoClient] sends, and insists on getting it back.
/// - [EchoBytes] says which byte stands where in which connection.
/// - [Operations] insists that each operation has one last result.
///
/// Start at [SocketScenario].
@NullMarked
package dev.iobus.simulation;

import org.jspecify.annotations.NullMarked;
