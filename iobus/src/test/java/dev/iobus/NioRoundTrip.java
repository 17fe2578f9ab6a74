package dev.iobus;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Writes and reads once on the NIO backend, in a JVM that grants no native access.
final class NioRoundTrip {

  private NioRoundTrip() {}

  public static void main(String[] args) throws IOException {
    BusOptions options = BusOptions.defaults().withBackend(BackendKind.NIO);
    try (Bus bus = Bus.open(options);
        Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocateFrom("round trip");
      bus.submit(bus.create(Path.of(args[0], "child"), OpenFlag.READ));
      Result opened = bus.dispatch();
      OpenFile file = opened.endOpen();
      bus.done(opened);
      bus.submit(bus.write(file, memory, 0, WriteFlag.DSYNC));
      bus.done(bus.dispatch());
      MemorySegment back = arena.allocate(memory.byteSize());
      bus.submit(bus.read(file, back, 0));
      bus.done(bus.dispatch());
      System.out.println(back.getString(0));
    }
  }
}
