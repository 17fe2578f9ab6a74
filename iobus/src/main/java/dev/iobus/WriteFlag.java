package dev.iobus;

import dev.iobus.backend.Request;

/// What one write asks for beyond writing. Where the kernel or the file system lacks it, the write
/// fails with a [NotSupportedException] and has written nothing.
public enum WriteFlag {
  /// Nothing more: the kernel takes the bytes.
  NONE,

  /// The write completes when its own bytes are on stable storage (`RWF_DSYNC`). It says nothing
  /// of other bytes that were written before.
  DSYNC,

  /// The page cache keeps no copy: the pages are dropped when they are on the device
  /// (`RWF_DONTCACHE`, Linux 6.14, and a file system that takes part). The write is as buffered and
  /// as little durable as any other. io_uring only.
  DONT_CACHE,

  /// The bytes are stored all or not at all, even when the power fails (`RWF_ATOMIC`, Linux 6.11
  /// on block devices, 6.13 on ext4 and XFS, and a device that can). Say [#DSYNC] too for them to
  /// be durable at completion. io_uring only.
  ///
  /// The file must be open with [OpenFlag#DIRECT]; the length is a power of two from
  /// [FileStatus#atomicWriteMin()] to [FileStatus#atomicWriteMax()], and the offset a multiple of
  /// it.
  ATOMIC;

  /// Asks a request for these and for nothing else.
  static void set(Request request, WriteFlag... flags) {
    request.dsync = false;
    request.dontCache = false;
    request.atomic = false;
    for (WriteFlag flag : flags) {
      flag.add(request);
    }
  }

  /// Asks a request for this and for nothing else.
  void set(Request request) {
    request.dsync = this == DSYNC;
    request.dontCache = this == DONT_CACHE;
    request.atomic = this == ATOMIC;
  }

  private void add(Request request) {
    request.dsync |= this == DSYNC;
    request.dontCache |= this == DONT_CACHE;
    request.atomic |= this == ATOMIC;
  }
}
