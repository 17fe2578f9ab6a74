package dev.iobus.backend;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The table of open files and sockets of this process, as the kernel keeps one for real descriptors: a
/// descriptor is an index into it, so that a file opened on one bus works on every other.
///
/// A place is free for another file when the descriptor was closed and the last reference to the
/// file is gone; so a late operation never meets a stranger.
///
/// Thread-safe; lookups take no lock.
final class NioFiles {

  private static final ReentrantLock LOCK = new ReentrantLock();

  /// Read without the lock: an element is written before its index is handed out.
  private static volatile Place[] places = new Place[0];

  /// A descriptor and what it stands for. The fields change under [#LOCK].
  private static final class Place {
    volatile @Nullable NioDescription file;
    /// Whether the descriptor is open; registrations outlive it.
    volatile boolean open;
    /// Whether it is a slot, which files are put into.
    boolean reserved;
  }

  private NioFiles() {}

  /// Gives a file its descriptor: the lowest that is free.
  static int add(NioDescription file) {
    LOCK.lock();
    try {
      int index = free();
      places[index].open = true;
      places[index].file = file;
      return index;
    } finally {
      LOCK.unlock();
    }
  }

  /// Takes a place for files that are put into it.
  static int reserve() {
    LOCK.lock();
    try {
      int index = free();
      places[index].reserved = true;
      return index;
    } finally {
      LOCK.unlock();
    }
  }

  /// Puts a file, or nothing, into a reserved place. The reference that the place holds to what was
  /// in it is the caller's then.
  static @Nullable NioDescription exchange(int slot, @Nullable NioDescription file) {
    LOCK.lock();
    try {
      NioDescription before = places[slot].file;
      places[slot].file = file;
      return before;
    } finally {
      LOCK.unlock();
    }
  }

  /// Gives a reserved place back, which is empty.
  static void unreserve(int slot) {
    LOCK.lock();
    try {
      assert places[slot].file == null;
      places[slot].reserved = false;
    } finally {
      LOCK.unlock();
    }
  }

  /// The lowest free place. Called under the lock.
  private static int free() {
    int index = 0;
    while (index < places.length
        && (places[index].file != null || places[index].reserved)) {
      index++;
    }
    if (index == places.length) {
      places = grown(places);
    }
    return index;
  }

  /// Takes a reference to an open file, or returns null when there is none by this number.
  ///
  /// @param registered whether the number is a slot of a registration, which stays good after the
  ///     descriptor was closed
  static @Nullable NioDescription retain(int descriptor, boolean registered) {
    Place[] current = places;
    if (descriptor < 0 || descriptor >= current.length) {
      return null;
    }
    Place place = current[descriptor];
    NioDescription file = place.file;
    if (file == null || !(registered || place.open) || !file.retain()) {
      return null;
    }
    return file;
  }

  /// Ends a descriptor: the first call returns true, and its caller gives back the reference that
  /// the descriptor held.
  static boolean closeDescriptor(int descriptor) {
    LOCK.lock();
    try {
      if (descriptor < 0 || descriptor >= places.length || !places[descriptor].open) {
        return false;
      }
      places[descriptor].open = false;
      return true;
    } finally {
      LOCK.unlock();
    }
  }

  /// Gives back one reference, and closes the file if it was the last.
  static void release(NioDescription file) throws IOException {
    if (file.release()) {
      try {
        file.close();
      } finally {
        remove(file);
      }
    }
  }

  /// As [#release], where an error of the close has nobody to go to: the bytes that were promised as
  /// durable were synced before.
  static void releaseQuietly(@Nullable NioDescription file) {
    if (file == null) {
      return;
    }
    try {
      release(file);
    } catch (IOException e) {
      System.getLogger("dev.iobus")
          .log(System.Logger.Level.WARNING, "closing " + file.name() + " failed", e);
    }
  }

  /// Whether a descriptor is one of an open socket.
  static boolean isSocket(int descriptor) {
    Place[] current = places;
    return descriptor >= 0
        && descriptor < current.length
        && current[descriptor].file instanceof NioSocket;
  }

  /// Descriptors that are open or still referenced; for tests of leaks.
  static int count() {
    int count = 0;
    for (Place place : places) {
      if (place.file != null) {
        count++;
      }
    }
    return count;
  }

  private static void remove(NioDescription file) {
    LOCK.lock();
    try {
      for (Place place : places) {
        if (place.file == file) {
          place.file = null;
          place.open = false;
          return;
        }
      }
    } finally {
      LOCK.unlock();
    }
  }

  private static Place[] grown(Place[] old) {
    Place[] bigger = Arrays.copyOf(old, Math.max(64, 2 * old.length));
    for (int i = old.length; i < bigger.length; i++) {
      bigger[i] = new Place();
    }
    return bigger;
  }
}
