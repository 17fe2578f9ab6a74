package dev.iobus.storage.page;

/// Where a block lies that is being read or written.
sealed interface BlockPlace permits BlockLoad, DirtyPage {

  BlockFile file();

  /// Where it begins in the file.
  long offset();

  /// Pages of 4 KiB.
  int pages();

  default long bytes() {
    return IoSlab.byteOffset(pages());
  }
}
