package dev.iobus;

/// What a host says of a file system. Immutable.
///
/// @param type its name in lower case, such as `ext4`; empty when unknown
/// @param physicalBlockBytes what the device writes as one unit: a power of two, 512 to 65,536;
///     512 when unknown
public record FileSystemFacts(String type, int physicalBlockBytes) {

  /// Whether overwriting a block writes elsewhere, so that prewriting a file gains nothing.
  public boolean isCopyOnWrite() {
    return switch (type) {
      case "btrfs", "zfs", "bcachefs" -> true;
      default -> false;
    };
  }
}
