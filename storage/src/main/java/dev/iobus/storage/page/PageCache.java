package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.Claim;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Decoded blocks of files, kept in memory while the budget lasts.
///
/// ```java
/// try (BlockFile table = cache.attach(file, fileId, decoder);
///     PinnedBlock block = cache.pin(table, offset, pages)) {
///   read(block.segment());
/// }
/// ```
///
/// Blocks are addressed by byte offset, a multiple of 4 KiB, and their number of pages, the same
/// at each call. A file that was opened for direct transfers needs a direct alignment of at most
/// 4 KiB. Thread-safe; calls that miss wait for the device.
public final class PageCache implements AutoCloseable {

  /// The unit of device transfers: block offsets and lengths are multiples of it.
  public static final int PAGE_BYTES = 4096;

  private static final int PAGES_MAX = BlockReader.DECODED_BYTES_MAX / PAGE_BYTES;

  /// What of the frames may be dirty before who changes pages writes some.
  private static final int DIRTY_PART = 2;

  private final Scheduler scheduler;
  private final MemoryBudget budget;
  private final CacheAccounts accounts;
  private final IoSlab slab;
  private final FrameAllocator frames;
  private final TransientMemory transients;
  private final BlockReader reader;
  private final PinSlots slots;
  private final BlockFetch blocks;
  private final Prefetcher prefetcher;
  private final PageVersions versions;
  private final WriteBack writeBack;

  private final UseGate fetches;
  private final Scheduler.Lock closeLock;

  /// Guarded by closeLock.
  private boolean freed;

  private PageCache(
      SharedBus bus,
      MemoryBudget budget,
      PageCacheOptions options,
      CacheAccounts accounts,
      IoSlab slab) {
    this.scheduler = bus.scheduler();
    this.budget = budget;
    this.accounts = accounts;
    this.slab = slab;
    FrameTable table = new FrameTable(accounts.chainCount);
    this.slots = new PinSlots(scheduler);
    this.frames =
        new FrameAllocator(
            table,
            slots,
            new FrequencySketch(accounts.chainCount),
            this::accesses,
            accounts.frames,
            options.frameBytesMax());
    this.transients = new TransientMemory(scheduler, budget, accounts.readers);
    BlockLoads loads = new BlockLoads(scheduler);
    this.reader = new BlockReader(bus, slab, frames, table, transients, loads);
    this.blocks = new BlockFetch(scheduler, table, slots, loads, reader);
    this.prefetcher = new Prefetcher(scheduler, table, loads, reader, slab.pageCount());
    this.writeBack = new WriteBack(bus, slab);
    long frameBytes = Math.min(budget.available(), options.frameBytesMax());
    this.versions =
        new PageVersions(table, frames, loads, accounts.frames, frameBytes / DIRTY_PART);
    this.fetches = new UseGate(scheduler);
    this.closeLock = scheduler.newLock();
  }

  /// Pins so far, of blocks with and without a frame.
  private long accesses() {
    return blocks.hits() + reader.misses.sum();
  }

  /// Opens an empty cache. Its floors are the I/O slab, the frame table, and 1 MiB for each reader;
  /// frames take what else the budget gives, 1 MiB at a time, and give it back to who cannot go on
  /// without: the cache is one of the budget's lenders.
  ///
  /// @throws IllegalArgumentException when the budget does not hold the floors
  /// @throws IOException when the host fails to register memory for another reason than its limit
  public static PageCache open(SharedBus bus, MemoryBudget budget, PageCacheOptions options)
      throws IOException {
    CacheAccounts accounts = CacheAccounts.open(budget, options, bus.scheduler());
    try {
      IoSlab slab = IoSlab.open(bus, options.ioBufferBytes());
      PageCache cache = new PageCache(bus, budget, options, accounts, slab);
      budget.addLender(cache.frames);
      return cache;
    } catch (IOException | RuntimeException | Error e) {
      accounts.close(options.ioBufferBytes());
      throw e;
    }
  }

  /// Lets the cache hold blocks of a file, which is not written any more and stays the caller's to
  /// close, after the returned [BlockFile].
  ///
  /// @param fileId the random id in the file's header: one id, one content
  /// @param decoder how its blocks are verified and decoded
  public BlockFile attach(DataFile file, long fileId, BlockDecoder decoder) {
    requireOpen();
    return new BlockFile(this, scheduler, file, fileId, decoder, false);
  }

  /// Lets the pages of a file be read and changed through the cache, and through nothing else until
  /// the returned [PageFile] is closed. The file stays the caller's to close, after that.
  ///
  /// @param fileId the random id in the file's header, of no other file
  /// @param codec how its pages are verified, decoded and encoded
  /// @param log what must be durable before a page is written
  /// @throws IllegalStateException when the pages of a file of that id are attached already, to this
  ///     cache or another: close that [PageFile] first
  public PageFile attachPages(DataFile file, long fileId, BlockCodec codec, DurableLog log) {
    requireOpen();
    BlockFile blocks = new BlockFile(this, scheduler, file, fileId, codec, true);
    Claim claim = file.claim("page file", fileId);
    try {
      PageFile pages =
          new PageFile(this, scheduler, blocks, claim, codec, log, versions, writeBack);
      versions.add(pages);
      return pages;
    } catch (RuntimeException | Error e) {
      claim.close();
      throw e;
    }
  }

  /// Pins one decoded block, reading it on a miss.
  ///
  /// @return a lease that the caller closes
  /// @throws dev.iobus.storage.file.CorruptionException when the block is damaged; the next call
  ///     reads it again
  /// @throws IOException when it cannot be read, or no memory came free for it within 10 s
  public PinnedBlock pin(BlockFile file, long offset, int pages) throws IOException {
    return pinOne(file, offset, pages, null);
  }

  /// As [#pin(BlockFile, long, int)], for who waits for memory within a limit over several calls.
  ///
  /// @throws dev.iobus.storage.memory.MemoryLimitException when no memory came free within the limit
  public PinnedBlock pin(BlockFile file, long offset, int pages, WaitLimit limit)
      throws IOException {
    return pinOne(file, offset, pages, limit);
  }

  /// Makes at most one object, the lease, and that at one place for hits and misses: so the compiler
  /// can leave it out where it is closed by who asked for it.
  ///
  /// @param limit null for that of one call
  private PinnedBlock pinOne(BlockFile file, long offset, int pages, @Nullable WaitLimit limit)
      throws IOException {
    check(file, offset, pages);
    Frame frame = blocks.find(file, offset);
    int slot = frame == null ? BlockFetch.NOT_PINNED : blocks.tryPin(frame, file, offset);
    BlockMemory memory = frame;
    if (memory == null || slot == BlockFetch.NOT_PINNED) {
      memory = fetchOne(file, offset, pages, limit);
      slot = PinSlots.NONE;
    }
    return new PinnedBlock(memory, slots, slot);
  }

  private BlockMemory fetchOne(
      BlockFile file, long offset, int pages, @Nullable WaitLimit limit) throws IOException {
    enterFetch();
    try {
      return blocks.fetchOne(file, offset, pages, limit != null ? limit : WaitLimit.ofCall());
    } finally {
      fetches.leave();
    }
  }

  /// Pins several blocks; all that miss are in flight together. Either all are pinned, or an
  /// exception is thrown and none is.
  ///
  /// @param count how many places of the arrays are used, from 0 on
  /// @param into where the leases are stored
  /// @throws IOException when one of them cannot be read, or no memory came free for all of them
  ///     within 10 s
  public void pinAll(
      BlockFile[] files, long[] offsets, int[] pages, int count, @Nullable PinnedBlock[] into)
      throws IOException {
    pinAll(files, offsets, pages, count, into, WaitLimit.ofCall());
  }

  /// As [#pinAll(BlockFile[], long[], int[], int, PinnedBlock[])], for who waits for memory within a
  /// limit of its own. Blocks that have found memory are pinned while others wait for some.
  ///
  /// @throws dev.iobus.storage.memory.MemoryLimitException when no memory came free within the limit
  public void pinAll(
      BlockFile[] files,
      long[] offsets,
      int[] pages,
      int count,
      @Nullable PinnedBlock[] into,
      WaitLimit limit)
      throws IOException {
    for (int i = 0; i < count; i++) {
      check(files[i], offsets[i], pages[i]);
      into[i] = null;
    }
    boolean done = false;
    try {
      done = blocks.tryPinAll(files, offsets, count, into);
      if (!done) {
        fetchAll(files, offsets, pages, count, into, limit);
        done = true;
      }
    } finally {
      for (int i = 0; i < count && !done; i++) {
        PinnedBlock block = into[i];
        if (block != null) {
          block.close();
          into[i] = null;
        }
      }
    }
  }

  private void fetchAll(
      BlockFile[] files,
      long[] offsets,
      int[] pages,
      int count,
      @Nullable PinnedBlock[] into,
      WaitLimit limit)
      throws IOException {
    enterFetch();
    try {
      blocks.fetch(files, offsets, pages, count, into, limit);
    } finally {
      fetches.leave();
    }
  }

  /// Gets one block without leaving a trace in the cache, for readers that pass once, such as
  /// compaction: a cached frame is used as it is, else the bytes come in a buffer of the lease.
  /// In a file that is changed meanwhile it is a pin like any other.
  public PinnedBlock readAround(BlockFile file, long offset, int pages) throws IOException {
    if (file.isWritable()) {
      return pin(file, offset, pages);
    }
    check(file, offset, pages);
    enterFetch();
    try {
      BlockMemory memory = blocks.readAround(file, offset, pages, WaitLimit.ofCall());
      return new PinnedBlock(memory, slots, PinSlots.NONE);
    } finally {
      fetches.leave();
    }
  }

  /// Asks for a block that will be pinned soon: where it is not in the cache, it is read while the
  /// caller goes on. A hint: it is dropped when too much is asked for at a time, when the block is
  /// larger than a quarter of the I/O slab, or when no frame is free; an error is told to who pins.
  ///
  /// @return whether a read was begun
  public boolean prefetch(BlockFile file, long offset, int pages) {
    return prefetch(new BlockFile[] {file}, new long[] {offset}, new int[] {pages}, 1) == 1;
  }

  /// As above for several blocks, which are read together; those that lie side by side in one
  /// transfer.
  ///
  /// @param count how many places of the arrays are used, from 0 on
  /// @return how many reads were begun
  public int prefetch(BlockFile[] files, long[] offsets, int[] pages, int count) {
    for (int i = 0; i < count; i++) {
      check(files[i], offsets[i], pages[i]);
    }
    return prefetcher.prefetch(files, offsets, pages, count);
  }

  /// A reader of one file that reads ahead while it goes forward.
  ///
  /// @param layout where the file's blocks begin and end
  public ReadAhead readAhead(BlockFile file, BlockLayout layout) {
    return new ReadAhead(this, file, layout);
  }

  /// Bytes of the longest window that a [ReadAhead] may ask for now; 0 when nothing more fits.
  long aheadWindowMax() {
    return Math.min(prefetcher.windowBytesMax(), frames.aheadWindowMax(budget.available()));
  }

  /// What was done so far. Walks all frames.
  public CacheStats stats() {
    long[] loadedAndDecoded = frames.loadedAndDecodedBytes();
    return new CacheStats(
        blocks.hits(),
        reader.misses.sum(),
        blocks.sharedMisses.sum(),
        frames.evictions(),
        reader.transientReads.sum(),
        prefetcher.prefetches.sum(),
        writeBack.writes.sum(),
        frames.extentBytes(),
        loadedAndDecoded[0],
        loadedAndDecoded[1],
        versions.dirtyBytes().get(),
        slab.describe());
  }

  void detach(BlockFile file) {
    frames.evictFile(file.fileId());
  }

  /// Refuses new calls, waits for those that read, and frees all memory. A later call does nothing.
  ///
  /// @throws IllegalStateException when blocks are still pinned, or another call looks for one at
  ///     that moment: nothing is freed then; close them and call again
  @Override
  public void close() {
    prefetcher.close();
    fetches.close();
    fetches.awaitUnused();
    closeLock.lock();
    try {
      if (freed) {
        return;
      }
      int pinned = frames.evictAll() + transients.blockCount();
      if (pinned > 0) {
        throw new IllegalStateException(
            pinned + " blocks are still pinned, or dirty; close their leases and page files, then"
                + " close the cache again");
      }
      long freedIoBytes = slab.close();
      budget.removeLender(frames);
      frames.close();
      accounts.close(freedIoBytes);
      freed = true;
    } finally {
      closeLock.unlock();
    }
  }

  private void enterFetch() {
    if (!fetches.enter()) {
      throw closed();
    }
  }

  void check(BlockFile file, long offset, int pages) {
    requireOpen();
    file.requireOpen();
    if (file.cache() != this) {
      throw new IllegalArgumentException(file + " is attached to another cache");
    }
    if (offset < 0 || offset % PAGE_BYTES != 0) {
      throw new IllegalArgumentException("block offset " + offset + " is no multiple of 4096");
    }
    if (pages < 1 || pages > PAGES_MAX) {
      throw new IllegalArgumentException(
          "block of " + pages + " pages, expected 1 to " + PAGES_MAX);
    }
  }

  private void requireOpen() {
    if (fetches.isClosed()) {
      throw closed();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("the page cache is closed");
  }
}
