package dev.iobus.storage.page;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;

/// A process that opens the slab of a page cache on a bus of four rings, and prints what may be locked,
/// whether the kernel clones buffers, and what has become of the slab, a line each.
final class SlabChild {

  private SlabChild() {}

  public static void main(String[] arguments) throws Exception {
    BusOptions four = BusOptions.defaults().withBackend(BackendKind.IO_URING).withRings(4);
    try (SharedBus bus = SharedBus.open(four)) {
      IoSlab slab = IoSlab.open(bus, PageCacheOptions.defaults().ioBufferBytes());
      System.out.println(bus.host().lockedBytesMax());
      System.out.println(bus.reason().contains(" CLONE_BUFFERS"));
      System.out.println(slab.describe());
      slab.close();
    }
  }
}
