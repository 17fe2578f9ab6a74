package dev.iobus.bench.bus;

/// A [BlockPeer] that does a job that reads through the page cache.
///
/// @param bed with the file
/// @param peer the library
/// @param job a buffered one that reads
record PeerEntrant(Bed bed, BlockPeer peer, Job job) implements Entrant {

  @Override
  public String label() {
    return peer.name();
  }

  @Override
  public Contender open() throws Exception {
    bed.file().warm();
    return peer.open(new Blocks(job, bed.file(), bed.runs().incrementAndGet()));
  }
}
