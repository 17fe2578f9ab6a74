package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.posix.Errno;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Which jobs wait for which descriptors to become readable or writable, oldest first.
///
/// The queue has one registration for each descriptor and direction, which fires once; so the jobs
/// that wait for the same are kept in a list here, and all of them try again when it fires.
///
/// Invariants.
/// 1. A job is in at most one list; who takes it out owns it.
/// 2. A list with jobs has a registration, and one without has none, but for an event that is on
///    its way; its number tells such an event from those of later registrations.
/// 3. A descriptor with jobs in flight is not closed ([Descriptors]), so it has left the queue
///    before it is.
///
/// Thread-safe.
final class DescriptorWaits {

  private final Kqueue queue;

  /// A leaf: what is called under it does not wait.
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private @Nullable Place[] places = new Place[64];
  private long registrations;

  /// Written under the lock.
  private volatile int count;

  /// Those who wait for one descriptor in one direction.
  private static final class Place {
    @Nullable KqueueJob head;
    @Nullable KqueueJob tail;
    /// Number of the registration; 0 without one.
    long registration;
  }

  DescriptorWaits(Kqueue queue) {
    this.queue = queue;
  }

  /// How many jobs wait. May be out of date when it is returned.
  int count() {
    return count;
  }

  /// Whether somebody waits for the descriptor already; newcomers get in line.
  boolean isWaitedFor(int fd, Kqueue.Direction direction) {
    if (count == 0) {
      return false;
    }
    lock.lock();
    try {
      return place(fd, direction).head != null;
    } finally {
      lock.unlock();
    }
  }

  /// Lets a job wait. After a 0 it belongs to whoever takes it out, perhaps at once.
  ///
  /// @return 0, −ECANCELED if the job may not wait, or why it cannot
  int add(KqueueJob job, int fd, Kqueue.Direction direction) {
    lock.lock();
    try {
      if (job.cancelWanted) {
        return -Errno.ECANCELED;
      }
      Place place = place(fd, direction);
      if (place.registration == 0) {
        int result = queue.arm(fd, direction, ++registrations);
        if (result < 0) {
          return result;
        }
        place.registration = registrations;
      }
      job.state.set(KqueueJob.WAITING);
      job.waitsFor = fd;
      job.direction = direction;
      job.nextWaiting = null;
      if (place.tail == null) {
        place.head = job;
      } else {
        place.tail.nextWaiting = job;
      }
      place.tail = job;
      count++;
      return 0;
    } finally {
      lock.unlock();
    }
  }

  /// Takes one job out. Returns false if it does not wait (any more).
  boolean remove(KqueueJob job) {
    lock.lock();
    try {
      if (job.waitsFor < 0) {
        return false;
      }
      Place place = place(job.waitsFor, job.direction);
      unlink(place, job);
      if (place.head == null && place.registration != 0) {
        queue.disarm(job.waitsFor, job.direction);
        place.registration = 0;
      }
      job.waitsFor = -1;
      count--;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Takes out all jobs that an event is for, linked by [KqueueJob#nextWaiting]; null if none.
  ///
  /// @param registration what came with the event
  @Nullable KqueueJob take(int fd, Kqueue.Direction direction, long registration) {
    lock.lock();
    try {
      Place place = place(fd, direction);
      if (place.registration != registration) {
        return null; // All have been cancelled since, and others have come perhaps.
      }
      KqueueJob first = place.head;
      place.registration = 0;
      place.head = null;
      place.tail = null;
      for (KqueueJob job = first; job != null; job = job.nextWaiting) {
        job.waitsFor = -1;
        job.state.set(KqueueJob.RUNNING);
        count--;
      }
      return first;
    } finally {
      lock.unlock();
    }
  }

  private static void unlink(Place place, KqueueJob job) {
    KqueueJob before = null;
    KqueueJob at = place.head;
    while (at != null && at != job) {
      before = at;
      at = at.nextWaiting;
    }
    assert at == job : "a waiting job is in no list";
    if (before == null) {
      place.head = job.nextWaiting;
    } else {
      before.nextWaiting = job.nextWaiting;
    }
    if (place.tail == job) {
      place.tail = before;
    }
    job.nextWaiting = null;
  }

  private Place place(int fd, Kqueue.Direction direction) {
    int index = 2 * fd + (direction == Kqueue.Direction.READABLE ? 0 : 1);
    if (index >= places.length) {
      places = Arrays.copyOf(places, Math.max(2 * places.length, index + 1));
    }
    Place place = places[index];
    if (place == null) {
      place = new Place();
      places[index] = place;
    }
    return place;
  }
}
