package dev.iobus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// How a contract looks at the files of a bus past the bus.
public interface HostFiles {

  /// The files of this machine.
  HostFiles REAL =
      new HostFiles() {
        @Override
        public boolean exists(Path path) {
          return Files.exists(path);
        }

        @Override
        public byte[] read(Path path) throws IOException {
          return Files.readAllBytes(path);
        }

        @Override
        public void write(Path path, byte[] bytes) throws IOException {
          Files.write(path, bytes);
        }

        @Override
        public long inode(Path path) throws IOException {
          return (Long) Files.getAttribute(path, "unix:ino");
        }

        @Override
        public Set<PosixFilePermission> permissions(Path path) throws IOException {
          return Files.getPosixFilePermissions(path);
        }

        @Override
        public void createSymbolicLink(Path link, Path target) throws IOException {
          Files.createSymbolicLink(link, target);
        }
      };

  boolean exists(Path path);

  byte[] read(Path path) throws IOException;

  void write(Path path, byte[] bytes) throws IOException;

  long inode(Path path) throws IOException;

  Set<PosixFilePermission> permissions(Path path) throws IOException;

  void createSymbolicLink(Path link, Path target) throws IOException;
}
