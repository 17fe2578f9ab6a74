package dev.iobus.backend;

import org.jspecify.annotations.Nullable;

/// Jobs by their deadlines: a binary heap, so that adding and removing cost the logarithm of their
/// number. A job knows its place.
///
/// Guarded by the lock of [JobWaits].
final class JobTimers<J extends Job<J>> {

  private final J[] heap;
  private int count;

  /// @param heap an array as long as there are jobs that have a deadline at one time
  JobTimers(J[] heap) {
    this.heap = heap;
  }

  /// The job whose deadline is the nearest; null when there is none.
  @Nullable J first() {
    return count == 0 ? null : heap[0];
  }

  void add(J job) {
    assert job.heapIndex < 0 : "a job has one deadline";
    rise(count++, job);
  }

  /// Takes a job out, if it is there.
  void remove(J job) {
    int hole = job.heapIndex;
    if (hole < 0) {
      return;
    }
    job.heapIndex = -1;
    J last = heap[--count];
    if (hole < count) {
      rise(hole, last);
      if (last.heapIndex == hole) {
        sink(hole, last);
      }
    }
  }

  private void rise(int start, J job) {
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

  private void sink(int start, J job) {
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

  private void put(int index, J job) {
    heap[index] = job;
    job.heapIndex = index;
  }

  /// By difference, since [System#nanoTime()] may overflow.
  private static boolean isBefore(Job<?> one, Job<?> other) {
    return one.deadline - other.deadline < 0;
  }
}
