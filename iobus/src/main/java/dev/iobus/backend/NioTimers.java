package dev.iobus.backend;

import org.jspecify.annotations.Nullable;

/// Jobs by their deadlines: a binary heap, so that adding and removing cost the logarithm of their
/// number. A job knows its place.
///
/// Guarded by the lock of [NioSelector].
final class NioTimers {

  private final NioJob[] heap;
  private int count;

  /// @param capacity jobs that have a deadline at one time
  NioTimers(int capacity) {
    heap = new NioJob[capacity];
  }

  /// The job whose deadline is the nearest; null when there is none.
  @Nullable NioJob first() {
    return count == 0 ? null : heap[0];
  }

  void add(NioJob job) {
    assert job.heapIndex < 0 : "a job has one deadline";
    rise(count++, job);
  }

  /// Takes a job out, if it is there.
  void remove(NioJob job) {
    int hole = job.heapIndex;
    if (hole < 0) {
      return;
    }
    job.heapIndex = -1;
    NioJob last = heap[--count];
    if (last != job) {
      rise(hole, last);
      if (last.heapIndex == hole) {
        sink(hole, last);
      }
    }
  }

  private void rise(int start, NioJob job) {
    int index = start;
    while (index > 0) {
      int parent = (index - 1) >>> 1;
      if (!isBefore(job, heap[parent])) {
        break;
      }
      put(index, heap[parent]);
      index = parent;
    }
    put(index, job);
  }

  private void sink(int start, NioJob job) {
    int index = start;
    int child = 2 * index + 1;
    while (child < count) {
      if (child + 1 < count && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], job)) {
        break;
      }
      put(index, heap[child]);
      index = child;
      child = 2 * index + 1;
    }
    put(index, job);
  }

  private void put(int index, NioJob job) {
    heap[index] = job;
    job.heapIndex = index;
  }

  /// By difference, since [System#nanoTime()] may overflow.
  private static boolean isBefore(NioJob one, NioJob other) {
    return one.deadline - other.deadline < 0;
  }
}
