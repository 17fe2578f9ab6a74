package dev.iobus.sim;

import dev.iobus.backend.SocketFamily;
import java.util.SplittableRandom;

/// The network of a simulated host: its addresses, and how long what is sent is under way. Over a name
/// of the file system it is there at once.
///
/// Confined to the holder of the baton.
final class SimNetwork {

  private final Baton baton;
  private final SplittableRandom random;
  private final SimAddresses addresses;
  private final SimWaits waits;
  private final int transitMicros;

  SimNetwork(
      Baton baton,
      SimDisk disk,
      SimDescriptors descriptors,
      SimOperations operations,
      SplittableRandom random) {
    this.baton = baton;
    this.random = random;
    transitMicros = 1 << random.nextInt(9);
    addresses = new SimAddresses(disk, random.split());
    waits = new SimWaits(baton, new SimSocketCalls(this, descriptors, operations, random));
  }

  SimAddresses addresses() {
    return addresses;
  }

  SimWaits waits() {
    return waits;
  }

  /// How many bytes a new socket takes that nobody has received.
  int receiveBytes() {
    return 1 << (13 + random.nextInt(6));
  }

  /// When something arrives that is sent now.
  ///
  /// @param delayNanos how much later than usual
  long arrivalNanos(int family, long delayNanos) {
    long usual =
        family == SocketFamily.UNIX
            ? 0
            : transitMicros * 500L + random.nextLong(transitMicros * 1000L);
    return baton.nowNanos() + usual + delayNanos;
  }

  void at(long nanos, Runnable arrival) {
    baton.at(nanos, arrival);
  }

  /// What this is ready for may have become more.
  void changed(SimDescription description) {
    waits.changed(description);
  }
}
