package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;

/// What waits for one descriptor in a queue of the kernel, which has one registration for each
/// direction. A registration fires once; its number tells an event that is on its way from those of
/// later ones.
///
/// Guarded by the lock of [KqueueWaits].
final class DescriptorQueues extends WaitQueues<KqueueJob> {

  final int descriptor;

  /// What has ended a socket, a positive error number, for the next of those who wait and are told
  /// nothing better; 0 for nothing. libkqueue takes it from the socket to tell it with an event, so
  /// that no call would answer it any more.
  int failure;

  // Numbers of the registrations; 0 without one.
  private long input;
  private long output;

  DescriptorQueues(int descriptor) {
    this.descriptor = descriptor;
  }

  long registration(Kqueue.Direction direction) {
    return direction == Kqueue.Direction.READABLE ? input : output;
  }

  void setRegistration(Kqueue.Direction direction, long number) {
    if (direction == Kqueue.Direction.READABLE) {
      input = number;
    } else {
      output = number;
    }
  }

  boolean wants(Kqueue.Direction direction) {
    return direction == Kqueue.Direction.READABLE ? wantsInput() : wantsOutput();
  }

  /// Whether a connect waits for its end.
  boolean isConnecting() {
    KqueueJob first = writes.peek();
    return first != null && first.request().op == Op.CONNECT;
  }
}
