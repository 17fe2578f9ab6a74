package dev.iobus.storage.page;

import org.jspecify.annotations.Nullable;

/// A page whose newest version is not in its file. Guarded by the lock of its [DirtyPages], but for
/// the constant fields, and for what is being written, which its writer may read.
final class DirtyPage implements BlockPlace {

  /// For LSNs and numbers of commits: none.
  static final long NONE = Long.MAX_VALUE;

  private final BlockFile file;
  private final long offset;
  private final int pages;

  /// The newest version, with one pin for this page.
  Frame frame;

  /// Where the log's records begin that tell of changes that no write has taken; [#NONE] when there
  /// are none.
  long fromLsn = NONE;

  /// What the log must have made durable before the newest version is written.
  long endLsn;

  /// The number of the first commit that no write has taken.
  long firstCommit = NONE;

  /// The version that is being written, and the three numbers above as they were when that began.
  @Nullable Frame writing;

  long writingFromLsn = NONE;
  long writingEndLsn;
  long writingFirstCommit = NONE;

  DirtyPage(BlockFile file, long offset, int pages, Frame frame) {
    this.file = file;
    this.offset = offset;
    this.pages = pages;
    this.frame = frame;
  }

  @Override
  public BlockFile file() {
    return file;
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public int pages() {
    return pages;
  }

  /// Takes a commit into account whose version is in [#frame].
  void committed(long from, long end, long commit) {
    fromLsn = Math.min(fromLsn, from);
    endLsn = Math.max(endLsn, end);
    firstCommit = Math.min(firstCommit, commit);
  }

  /// The newest version is taken to be written.
  void beginWrite() {
    assert writing == null : "a page is written twice at a time";
    writing = frame;
    writingFromLsn = fromLsn;
    writingEndLsn = endLsn;
    writingFirstCommit = firstCommit;
    fromLsn = NONE;
    firstCommit = NONE;
  }

  /// The write has ended; returns its version.
  Frame endWrite(boolean written) {
    Frame version = writing;
    assert version != null : "a write ends that did not begin";
    if (!written) {
      fromLsn = Math.min(fromLsn, writingFromLsn);
      firstCommit = Math.min(firstCommit, writingFirstCommit);
    }
    writing = null;
    writingFromLsn = NONE;
    writingFirstCommit = NONE;
    return version;
  }

  /// The number of the first commit that is not in the file.
  long oldestCommit() {
    return Math.min(firstCommit, writingFirstCommit);
  }
}
