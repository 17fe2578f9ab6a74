package dev.iobus.bench.doctor;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a file system stands on, as far as durable data is concerned.
enum FileSystemKind {
  /// A file system of its own on block devices, as far as is known.
  DISK(null),
  /// Gone with the power.
  MEMORY("lies in memory and keeps nothing"),
  /// Directories of another one, put over each other; mostly that of a container.
  OVERLAY(
      "is the layer of a container: it goes with the container, and what is written first is copied"),
  /// A process that answers for the kernel.
  FUSE("is served by a process, which decides what a sync means and adds a switch to each call"),
  /// On another machine.
  NETWORK("lies on another machine: its locks and syncs are not those of a local disk");

  private static final Set<String> MEMORY_TYPES = Set.of("tmpfs", "ramfs");
  private static final Set<String> OVERLAY_TYPES = Set.of("overlay", "overlayfs", "aufs");
  private static final Set<String> NETWORK_TYPES =
      Set.of("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "ceph", "afs", "glusterfs", "lustre");

  private final @Nullable String danger;

  FileSystemKind(@Nullable String danger) {
    this.danger = danger;
  }

  /// @param type the name that mount(8) shows
  static FileSystemKind of(String type) {
    if (MEMORY_TYPES.contains(type)) {
      return MEMORY;
    }
    if (OVERLAY_TYPES.contains(type)) {
      return OVERLAY;
    }
    if (NETWORK_TYPES.contains(type)) {
      return NETWORK;
    }
    // "fuseblk" is a disk behind a process.
    return type.startsWith("fuse") ? FUSE : DISK;
  }

  /// What is wrong with it for a store, to be said after its name; null for nothing.
  @Nullable String danger() {
    return danger;
  }
}
