package dev.iobus;

import dev.iobus.sim.SimDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// The files of a simulated disk.
public record SimHostFiles(SimDisk disk) implements HostFiles {

  @Override
  public boolean exists(Path path) {
    return disk.exists(path);
  }

  @Override
  public byte[] read(Path path) throws IOException {
    return disk.read(path);
  }

  @Override
  public void write(Path path, byte[] bytes) throws IOException {
    disk.write(path, bytes);
  }

  @Override
  public long inode(Path path) throws IOException {
    return disk.inode(path);
  }

  /// The disk has no others.
  @Override
  public Set<PosixFilePermission> permissions(Path path) {
    boolean directory;
    try {
      disk.list(path);
      directory = true;
    } catch (IOException e) {
      directory = false;
    }
    return PosixFilePermissions.fromString(directory ? "rwx------" : "rw-------");
  }

  @Override
  public void createSymbolicLink(Path link, Path target) throws IOException {
    disk.createSymbolicLink(link, target);
  }
}
