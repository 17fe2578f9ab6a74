package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table of descriptors of the simulated process. Confined to the holder of the baton.
final class SimDescriptors {

  private final List<@Nullable SimDescription> files = new ArrayList<>();
  private int limit = 1024;

  void limit(int descriptors) {
    limit = descriptors;
  }

  /// Takes the reference over that it was opened with.
  ///
  /// @return the lowest free descriptor, or a negated error number
  int add(SimDescription file) {
    int free = files.indexOf(null);
    if (free < 0) {
      free = files.size();
      if (free < limit) {
        files.add(null);
      }
    }
    if (free >= limit) {
      file.release();
      return -Errno.EMFILE;
    }
    files.set(free, file);
    return free;
  }

  /// Whether one more fits.
  boolean hasRoom() {
    return count() < limit;
  }

  @Nullable SimDescription get(int descriptor) {
    return descriptor >= 0 && descriptor < files.size() ? files.get(descriptor) : null;
  }

  int close(int descriptor) {
    SimDescription file = get(descriptor);
    if (file == null) {
      return -Errno.EBADF;
    }
    files.set(descriptor, null);
    file.release();
    return 0;
  }

  /// What is open, once for each descriptor.
  List<Path> paths() {
    List<Path> paths = new ArrayList<>();
    for (SimDescription file : files) {
      if (file != null) {
        paths.add(file.path());
      }
    }
    return paths;
  }

  /// Descriptors that are open.
  int count() {
    int count = 0;
    for (SimDescription file : files) {
      count += file == null ? 0 : 1;
    }
    return count;
  }
}
