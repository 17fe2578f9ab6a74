package dev.iobus.bench.bus;

import java.io.IOException;

/// Another library that can do a [Job]. Implementations come with the build's profile `peers` and
/// are found as services.
public interface BlockPeer {

  /// Its name among the subjects.
  String name();

  /// Readies it for its runs on `blocks`.
  ///
  /// @throws HostLacksException when it cannot run on this host
  Contender open(Blocks blocks) throws IOException, HostLacksException;
}
