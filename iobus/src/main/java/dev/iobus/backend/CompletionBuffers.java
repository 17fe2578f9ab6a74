package dev.iobus.backend;

/// Completions on their way from those who end requests to the one who reaps them. Two
/// preallocated buffers change places at each take, so that the reaper passes completions on
/// without a lock. As the caller of a backend keeps at most `capacity` requests in flight, neither
/// can overflow.
///
/// [#add], [#added] and [#exchange] are guarded by a lock of the owner; the rest is for the one who
/// reaps.
final class CompletionBuffers {

  private Buffer filling;

  // Owned by the reaper.
  private Buffer draining;
  private int drained;

  private static final class Buffer {
    final long[] userData;
    final int[] results;
    final int[] flags;
    int count;

    Buffer(int capacity) {
      userData = new long[capacity];
      results = new int[capacity];
      flags = new int[capacity];
    }
  }

  /// @param capacity completions that can be there at one time
  CompletionBuffers(int capacity) {
    filling = new Buffer(capacity);
    draining = new Buffer(capacity);
  }

  void add(long userData, int result, int flags) {
    int index = filling.count;
    filling.userData[index] = userData;
    filling.results[index] = result;
    filling.flags[index] = flags;
    filling.count = index + 1;
  }

  /// How many were added since the last exchange.
  int added() {
    return filling.count;
  }

  /// Gives what was added to the reaper, who has passed on everything before it.
  void exchange() {
    Buffer full = filling;
    filling = draining;
    draining = full;
  }

  /// How many the reaper has and has not passed on.
  int undrained() {
    return draining.count - drained;
  }

  /// Passes on what the reaper has. When the sink throws, the rest is kept for the next call.
  int drain(CompletionSink sink) {
    Buffer buffer = draining;
    int passed = 0;
    while (drained < buffer.count) {
      int index = drained++;
      sink.complete(buffer.userData[index], buffer.results[index], buffer.flags[index]);
      passed++;
    }
    buffer.count = 0;
    drained = 0;
    return passed;
  }
}
