package dev.iobus.endurance;

import dev.iobus.Bus;
import dev.iobus.Handle;
import dev.iobus.HostFiles;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/// Connections, as two streams each.
final class Connections {

  private Connections() {}

  /// Two streams over a path in a directory, one in each direction. Nothing may be in flight on the
  /// bus.
  static Stream[] overPath(Bus bus, Path directory, HostFiles host, MemorySegment content)
      throws IOException {
    Path path = directory.resolve("socket");
    if (host.exists(path)) {
      run(bus, bus.unlink(path));
    }
    return open(bus, StandardProtocolFamily.UNIX, UnixDomainSocketAddress.of(path), content);
  }

  /// As above, over the loopback interface.
  static Stream[] overTcp(Bus bus, MemorySegment content) throws IOException {
    SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return open(bus, StandardProtocolFamily.INET, any, content);
  }

  private static Stream[] open(
      Bus bus, StandardProtocolFamily family, SocketAddress address, MemorySegment content)
      throws IOException {
    OpenSocket listening = socket(bus, family);
    run(bus, bus.bind(listening, address));
    run(bus, bus.listen(listening, 1));
    OpenSocket one = socket(bus, family);
    run(bus, bus.connect(one, bus.localAddress(listening)));
    bus.submit(bus.accept(listening));
    Result accepted = bus.dispatch();
    OpenSocket other = accepted.endAccept();
    bus.done(accepted);
    run(bus, bus.close(listening));
    return new Stream[] {new Stream(one, other, content), new Stream(other, one, content)};
  }

  /// Nothing may be in flight on the bus.
  static void close(Bus bus, Stream[] streams) throws IOException {
    run(bus, bus.close(streams[0].from));
    run(bus, bus.close(streams[0].to));
  }

  private static OpenSocket socket(Bus bus, StandardProtocolFamily family) throws IOException {
    bus.submit(bus.socket(family, SocketType.STREAM));
    Result made = bus.dispatch();
    OpenSocket socket = made.endSocket();
    bus.done(made);
    return socket;
  }

  private static void run(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    if (result.isFailure()) {
      throw new IOException(handle + " failed with error " + result.errno());
    }
    bus.done(result);
  }
}
