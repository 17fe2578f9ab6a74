package dev.iobus.storage.page;

import java.util.List;

/// The blocks of one step, cut into runs: blocks of one file that follow each other without a gap
/// are one run, read in one transfer into pages of the slab that follow each other too. Immutable.
final class ReadRuns {

  /// Larger reads are split, so that the bus takes each part as one transfer.
  static final int TRANSFER_BYTES_MAX = 512 << 10;

  /// A run of several blocks is not longer: several transfers in flight keep a device busier than
  /// one large one, and the first blocks are there sooner.
  private static final int MERGED_BYTES_MAX = 128 << 10;

  /// More transfers than this are made in several steps.
  private static final int TRANSFERS_MAX = 64;

  private final List<BlockLoad> loads;

  /// Where in [#loads] each run begins, and behind the last one its end.
  private final int[] firstLoads;

  private final int[] pages;
  private final int count;
  private final int transferCount;

  private ReadRuns(
      List<BlockLoad> loads, int[] firstLoads, int[] pages, int count, int transferCount) {
    this.loads = loads;
    this.firstLoads = firstLoads;
    this.pages = pages;
    this.count = count;
    this.transferCount = transferCount;
  }

  /// The runs of the first of `loads`, as many as fit into `pagesMax` pages; none when not even one
  /// does.
  static ReadRuns of(List<BlockLoad> loads, int pagesMax) {
    int[] firstLoads = new int[loads.size() + 1];
    int[] pages = new int[loads.size()];
    int count = 0;
    int transfers = 0;
    int pagesLeft = pagesMax;
    int taken = 0;
    while (taken < loads.size() && loads.get(taken).pages <= pagesLeft) {
      BlockLoad load = loads.get(taken);
      if (count > 0 && continues(loads.get(taken - 1), load, pages[count - 1])) {
        pages[count - 1] += load.pages;
      } else if (transfers + transferCount(load.bytes()) > TRANSFERS_MAX && count > 0) {
        break;
      } else {
        firstLoads[count] = taken;
        pages[count++] = load.pages;
        transfers += transferCount(load.bytes());
      }
      pagesLeft -= load.pages;
      taken++;
    }
    firstLoads[count] = taken;
    return new ReadRuns(loads.subList(0, taken), firstLoads, pages, count, transfers);
  }

  private static boolean continues(BlockLoad before, BlockLoad load, int pages) {
    return before.file == load.file
        && before.offset + before.bytes() == load.offset
        && IoSlab.byteOffset(pages + load.pages) <= MERGED_BYTES_MAX;
  }

  static int transferCount(long bytes) {
    return (int) ((bytes + TRANSFER_BYTES_MAX - 1) / TRANSFER_BYTES_MAX);
  }

  /// How many runs there are.
  int count() {
    return count;
  }

  /// The blocks of all runs.
  List<BlockLoad> loads() {
    return loads;
  }

  /// The blocks of one run.
  List<BlockLoad> loads(int run) {
    return loads.subList(firstLoads[run], firstLoads[run + 1]);
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
