package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Walks paths of a simulated disk. Paths are absolute or are taken from the root.
///
/// Confined to the holder of the disk.
final class SimNames {

  /// `MAXSYMLINKS` of `linux/namei.h`.
  private static final int LINKS_MAX = 40;

  /// `NAME_MAX` of `linux/limits.h`.
  private static final int NAME_BYTES_MAX = 255;

  private final SimDirectory root;

  SimNames(SimDirectory root) {
    this.root = root;
  }

  /// Where a path ends: a directory and a name in it, which may be free.
  ///
  /// @param name empty for the root itself
  record Place(SimDirectory directory, String name) {

    @Nullable SimNode node() {
      return name.isEmpty() ? directory : directory.get(name);
    }

    /// What is there, which must be something.
    SimNode present() throws SimErrno {
      SimNode node = node();
      if (node == null) {
        throw new SimErrno(Errno.ENOENT);
      }
      return node;
    }
  }

  /// What a path stands for.
  ///
  /// @param follow whether a symbolic link at its end is followed
  SimNode find(Path path, boolean follow) throws SimErrno {
    return place(path, follow).present();
  }

  /// Where a name can be made: nothing has it.
  Place free(Path path) throws SimErrno {
    Place place = place(path, false);
    if (place.node() != null) {
      throw new SimErrno(Errno.EEXIST);
    }
    return place;
  }

  Place place(Path path, boolean follow) throws SimErrno {
    return place(path, follow, 0);
  }

  private Place place(Path path, boolean follow, int links) throws SimErrno {
    if (links > LINKS_MAX) {
      throw new SimErrno(Errno.ELOOP);
    }
    Path clean = path.normalize();
    SimDirectory directory = root;
    Path walked = Path.of("/");
    int count = clean.getNameCount();
    for (int i = 0; i < count; i++) {
      String name = clean.getName(i).toString();
      if (name.isEmpty()) {
        continue; // The path that is empty has one empty name.
      }
      if (name.length() > NAME_BYTES_MAX) {
        throw new SimErrno(Errno.ENAMETOOLONG);
      }
      boolean last = i == count - 1;
      SimNode node = directory.get(name);
      if (node instanceof SimSymbolicLink link && (!last || follow)) {
        Path target = walked.resolve(link.target());
        Path rest = last ? target : target.resolve(clean.subpath(i + 1, count));
        return place(rest, follow, links + 1);
      }
      if (last) {
        return new Place(directory, name);
      }
      if (node == null) {
        throw new SimErrno(Errno.ENOENT);
      }
      if (!(node instanceof SimDirectory next)) {
        throw new SimErrno(Errno.ENOTDIR);
      }
      directory = next;
      walked = walked.resolve(name);
    }
    return new Place(root, "");
  }

  /// The path without symbolic links and dots.
  Path realPath(Path path) throws SimErrno {
    find(path, true);
    Path real = Path.of("/");
    Path clean = path.normalize();
    int count = clean.getNameCount();
    for (int i = 0; i < count; i++) {
      Path next = real.resolve(clean.getName(i).toString());
      SimNode node = place(next, false).node();
      if (node instanceof SimSymbolicLink link) {
        Path target = real.resolve(link.target());
        return realPath(i == count - 1 ? target : target.resolve(clean.subpath(i + 1, count)));
      }
      real = next;
    }
    return real;
  }
}
