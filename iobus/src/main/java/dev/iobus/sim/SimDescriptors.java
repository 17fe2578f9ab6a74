package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table of open files of the simulated process. Confined to the holder of the baton.
final class SimDescriptors {

  private final List<@Nullable SimOpenFile> files = new ArrayList<>();
  private int limit = 1024;

  void limit(int descriptors) {
    limit = descriptors;
  }

  /// Takes the reference over that the file was opened with.
  ///
  /// @return the lowest free descriptor, or a negated error number
  int add(SimOpenFile file) {
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

  @Nullable SimOpenFile get(int descriptor) {
    return descriptor >= 0 && descriptor < files.size() ? files.get(descriptor) : null;
  }

  int close(int descriptor) {
    SimOpenFile file = get(descriptor);
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
    for (SimOpenFile file : files) {
      if (file != null) {
        paths.add(file.path());
      }
    }
    return paths;
  }

  /// Descriptors that are open.
  int count() {
    int count = 0;
    for (SimOpenFile file : files) {
      count += file == null ? 0 : 1;
    }
    return count;
  }
}
