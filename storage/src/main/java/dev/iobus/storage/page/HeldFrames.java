package dev.iobus.storage.page;

/// The frames that slots had at one moment, to choose between many frames without a look at all
/// slots for each: those are lines that other cores write. Advice alone, since slots change
/// meanwhile; [Frame#tryReclaim] decides. Guarded by the [FrameAllocator].
final class HeldFrames {

  private final PinSlots slots;
  private final long[] addresses;
  private int count;

  HeldFrames(PinSlots slots) {
    this.slots = slots;
    this.addresses = new long[slots.count()];
  }

  /// Looks at all slots.
  void look() {
    count = slots.held(addresses);
  }

  /// Whether a slot had that frame at the last look.
  boolean has(Frame frame) {
    for (int i = 0; i < count; i++) {
      if (addresses[i] == frame.address()) {
        return true;
      }
    }
    return false;
  }
}
