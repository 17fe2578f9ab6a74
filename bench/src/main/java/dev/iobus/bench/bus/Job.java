package dev.iobus.bench.bus;

/// One job in the sense of fio: the same transfers, again and again. Immutable.
///
/// @param access what is done
/// @param blockLength bytes of one transfer, a positive multiple of [PageFormat#LENGTH]
/// @param depth transfers in flight, at least 1; for subjects that block: threads
/// @param caching whether the page cache takes part
/// @param registration of file and memory, for the subjects that know it
record Job(
    Access access, int blockLength, int depth, Caching caching, Registration registration) {

  Job {
    if (blockLength < 1 || blockLength % PageFormat.LENGTH != 0) {
      throw new IllegalArgumentException(
          "block length " + blockLength + " is no positive multiple of " + PageFormat.LENGTH);
    }
    if (depth < 1) {
      throw new IllegalArgumentException("depth " + depth + " is below 1");
    }
  }

  int pagesPerBlock() {
    return blockLength / PageFormat.LENGTH;
  }

  boolean isDirect() {
    return caching == Caching.DIRECT;
  }

  boolean isRegistered() {
    return registration == Registration.REGISTERED;
  }

  /// The name of the workload in results.
  String label() {
    return caching.label() + " " + access.label() + " " + size(blockLength) + " QD " + depth;
  }

  private static String size(int bytes) {
    return bytes % (1 << 20) == 0 ? (bytes >> 20) + "m" : (bytes >> 10) + "k";
  }
}
