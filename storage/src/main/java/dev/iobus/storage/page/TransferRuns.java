package dev.iobus.storage.page;

import java.util.List;

/// The blocks of one step, cut into runs: blocks of one file that follow each other without a gap
/// are one run, one transfer from or into pages of the slab that follow each other too. Immutable.
///
/// @param <T> what is known of a block
final class TransferRuns<T extends BlockPlace> {

  /// Larger transfers are split, so that the bus takes each part as one transfer.
  static final int TRANSFER_BYTES_MAX = 512 << 10;

  /// A run of several blocks is not longer: several transfers in flight keep a device busier than
  /// one large one, and the first blocks are there sooner.
  static final int MERGED_BYTES_MAX = 128 << 10;

  /// More transfers than this are made in several steps.
  private static final int TRANSFERS_MAX = 64;

  private final List<T> blocks;

  /// Where in [#blocks] each run begins, and behind the last one its end.
  private final int[] firstBlocks;

  private final int[] pages;
  private final int count;
  private final int transferCount;

  private TransferRuns(
      List<T> blocks, int[] firstBlocks, int[] pages, int count, int transferCount) {
    this.blocks = blocks;
    this.firstBlocks = firstBlocks;
    this.pages = pages;
    this.count = count;
    this.transferCount = transferCount;
  }

  /// The runs of the first of `blocks`, as many as fit into `pagesMax` pages; none when not even
  /// one does.
  static <B extends BlockPlace> TransferRuns<B> of(List<B> blocks, int pagesMax) {
    int[] firstBlocks = new int[blocks.size() + 1];
    int[] pages = new int[blocks.size()];
    int count = 0;
    int transfers = 0;
    int pagesLeft = pagesMax;
    int taken = 0;
    while (taken < blocks.size() && blocks.get(taken).pages() <= pagesLeft) {
      B block = blocks.get(taken);
      if (count > 0 && continues(blocks.get(taken - 1), block, pages[count - 1])) {
        pages[count - 1] += block.pages();
      } else if (transfers + transferCount(block.bytes()) > TRANSFERS_MAX && count > 0) {
        break;
      } else {
        firstBlocks[count] = taken;
        pages[count++] = block.pages();
        transfers += transferCount(block.bytes());
      }
      pagesLeft -= block.pages();
      taken++;
    }
    firstBlocks[count] = taken;
    return new TransferRuns<>(blocks.subList(0, taken), firstBlocks, pages, count, transfers);
  }

  private static boolean continues(BlockPlace before, BlockPlace block, int pages) {
    return before.file() == block.file()
        && before.offset() + before.bytes() == block.offset()
        && IoSlab.byteOffset(pages + block.pages()) <= MERGED_BYTES_MAX;
  }

  /// Transfers that a run of so many bytes takes.
  static int transferCount(long bytes) {
    return (int) ((bytes + TRANSFER_BYTES_MAX - 1) / TRANSFER_BYTES_MAX);
  }

  /// How many runs there are.
  int count() {
    return count;
  }

  /// The blocks of all runs.
  List<T> blocks() {
    return blocks;
  }

  /// The blocks of one run.
  List<T> blocks(int run) {
    return blocks.subList(firstBlocks[run], firstBlocks[run + 1]);
  }

  /// The lengths of the runs; only the first [#count()] count.
  int[] pages() {
    return pages;
  }

  long bytes(int run) {
    return IoSlab.byteOffset(pages[run]);
  }

  /// Transfers of all runs.
  int transferCount() {
    return transferCount;
  }
}
