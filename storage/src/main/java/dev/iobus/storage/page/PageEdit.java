package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;

/// A new version of one page, seen by nobody until [#commit]. Only one is open for a page at a
/// time. Confined to one thread at a time.
public final class PageEdit implements AutoCloseable {

  private final PageFile file;
  private final long offset;
  private final int pages;
  private final Frame frame;
  private final MemorySegment segment;
  private boolean ended;

  PageEdit(PageFile file, long offset, int pages, Frame frame, MemorySegment segment) {
    this.file = file;
    this.offset = offset;
    this.pages = pages;
    this.frame = frame;
    this.segment = segment;
  }

  /// The bytes of the new version: those of the page so far, or zeros. Who keeps the segment beyond
  /// the commit must not write to it any more.
  ///
  /// @throws IllegalStateException after [#commit] and [#close()]
  public MemorySegment segment() {
    requireOpen();
    return segment;
  }

  /// Makes the version the page's content: every later pin sees it, and those that were taken
  /// before keep what they have. It is written to the file some time later, and not before the log
  /// is durable up to `endLsn`.
  ///
  /// @param lsn where the log's first record of this change begins: [PageFile#neededFromLsn()]
  ///     does not go beyond it until the page is durable in its file
  /// @param endLsn just after the last such record; at least `lsn`
  /// @throws IllegalArgumentException when the numbers are negative or not in order
  /// @throws IllegalStateException after [#commit] and [#close()]
  public void commit(long lsn, long endLsn) {
    requireOpen();
    if (lsn < 0 || endLsn < lsn) {
      throw new IllegalArgumentException("records from LSN " + lsn + " to " + endLsn);
    }
    ended = true;
    file.commit(offset, pages, frame, (int) segment.byteSize(), lsn, endLsn);
  }

  private void requireOpen() {
    if (ended) {
      throw new IllegalStateException("the edit was committed or closed");
    }
  }

  /// Gives an edit up that was not committed; the page stays as it was.
  @Override
  public void close() {
    if (!ended) {
      ended = true;
      file.giveUp(offset, frame);
    }
  }
}
