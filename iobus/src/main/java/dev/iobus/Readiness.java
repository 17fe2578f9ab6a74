package dev.iobus;

import dev.iobus.backend.PollBits;
import java.util.EnumSet;
import java.util.Set;

/// What a file that may have to wait is ready for, poll(2).
public enum Readiness {
  /// A read, receive or accept would not wait. Also told at the end of the input.
  READABLE(PollBits.READABLE),
  /// A write or send would not wait.
  WRITABLE(PollBits.WRITABLE),
  /// The file has failed. Told whether it was asked for or not.
  ERROR(PollBits.ERROR),
  /// The other end is gone. Told whether it was asked for or not.
  HANGUP(PollBits.HANGUP);

  private final int bit;

  Readiness(int bit) {
    this.bit = bit;
  }

  static int bits(Readiness first, Readiness... rest) {
    int bits = first.bit;
    for (Readiness one : rest) {
      bits |= one.bit;
    }
    return bits;
  }

  static Set<Readiness> of(int bits) {
    Set<Readiness> set = EnumSet.noneOf(Readiness.class);
    for (Readiness one : values()) {
      if ((bits & one.bit) != 0) {
        set.add(one);
      }
    }
    return set;
  }
}
