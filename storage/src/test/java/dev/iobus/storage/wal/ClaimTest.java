package dev.iobus.storage.wal;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.Claim;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.DirectoryLockedException;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.BlockCodec;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.page.PageEdit;
import dev.iobus.storage.page.PageFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A second log of one name began an epoch in the segments that the first one still wrote: what the
/// first had acknowledged was gone. So were pages of a file that was attached twice, and whatever
/// was written after the directory's lock was given back.
class ClaimTest {

  private static final WalOptions OPTIONS =
      WalOptions.defaults().withSegmentBytes(64 << 10, 64 << 10).withGroupBufferBytes(16 << 10);

  private static final RecordConsumer NOBODY = (lsn, end, payload) -> {};

  /// Pages as they are, without a checksum.
  private static final BlockCodec PLAIN =
      new BlockCodec() {
        @Override
        public int verify(MemorySegment stored, long offset) {
          return (int) stored.byteSize();
        }

        @Override
        public void decode(MemorySegment stored, long offset, MemorySegment into) {
          into.copyFrom(stored);
        }

        @Override
        public void encode(MemorySegment decoded, long offset, MemorySegment into) {
          into.copyFrom(decoded);
        }
      };

  @TempDir Path temp;

  private final MemoryBudget budget = new MemoryBudget(64 << 20);
  private final SharedBus bus = TestBus.open(BackendKind.NIO);
  private DataDirectory directory;

  @BeforeEach
  void open() throws IOException {
    directory = DataDirectory.open(bus, temp.resolve("data"));
  }

  /// Everything was given back, or this fails.
  @AfterEach
  void close() throws IOException {
    directory.close();
    bus.close();
  }

  private Wal openLog(RecordConsumer consumer) throws IOException {
    return Wal.open(directory, OPTIONS, WalStart.NEW, budget, consumer);
  }

  private static void append(Wal log) throws IOException {
    log.append(MemorySegment.ofArray(new byte[100]), Durability.SYNCED);
  }

  private static void assertNames(IllegalStateException refusal, String name) {
    String message = requireNonNull(refusal.getMessage());
    assertTrue(message.contains(name), message);
    assertTrue(message.contains("close"), message);
  }

  @Test
  void aLogIsOpenOnceAtATime() throws Exception {
    AtomicInteger found = new AtomicInteger();
    try (Wal log = openLog(NOBODY)) {
      append(log);
      assertNames(
          assertThrows(IllegalStateException.class, () -> openLog(NOBODY)), "log wal is already");
      assertNames(
          assertThrows(
              IllegalStateException.class,
              () -> Wal.salvage(directory, OPTIONS, WalStart.NEW, budget, NOBODY)),
          "log wal is already");
      append(log);
      WalOptions other = OPTIONS.withNamePrefix("other");
      Wal.open(directory, other, WalStart.NEW, budget, NOBODY).close();
    }
    openLog((lsn, end, payload) -> found.incrementAndGet()).close();
    assertEquals(2, found.get());
    Wal.salvage(directory, OPTIONS, WalStart.NEW, budget, NOBODY);
    openLog(NOBODY).close();
  }

  @Test
  void aLogThatDoesNotOpenGivesItsNameBack() throws Exception {
    assertThrows(
        IllegalArgumentException.class,
        () -> Wal.open(directory, OPTIONS, WalStart.NEW, new MemoryBudget(1 << 10), NOBODY));
    try (Wal log = openLog(NOBODY)) {
      append(log);
    }
    RecordConsumer failing =
        (lsn, end, payload) -> {
          throw new IOException("not taken");
        };
    assertThrows(IOException.class, () -> openLog(failing));
    assertThrows(
        IOException.class,
        () -> Wal.salvage(directory, OPTIONS, WalStart.NEW, budget, failing));
    openLog(NOBODY).close();
  }

  /// The second close of a claim would have taken the name from its next owner.
  @Test
  void aClaimIsGivenBackOnce() {
    Claim first = directory.claim("tree");
    first.close();
    try (Claim second = directory.claim("tree")) {
      first.close();
      assertNames(
          assertThrows(IllegalStateException.class, () -> directory.claim("tree")),
          "tree is already");
      assertNames(assertThrows(IllegalStateException.class, directory::close), "used by tree");
      assertEquals("Claim[tree]", second.toString());
    }
  }

  @Test
  void aDirectoryWithAnOpenLogIsNotClosed() throws Exception {
    Path path = directory.path();
    try (Wal log = openLog(NOBODY)) {
      assertNames(assertThrows(IllegalStateException.class, directory::close), "log wal");
      assertThrows(DirectoryLockedException.class, () -> DataDirectory.open(bus, path));
      append(log);
    }
    directory.close();
    directory.close();
    assertThrows(IllegalStateException.class, () -> openLog(NOBODY));
    DataDirectory.open(bus, path).close();
  }

  @Test
  void aDirectoryWithAnOpenFrameFileIsNotClosed() throws Exception {
    MemoryBudget.Account account = budget.open("frames", 0);
    FrameFile frames = FrameFile.create(directory, "new", FileKind.MANIFEST, 7, account);
    directory.rename("new", "old");
    assertThrows(
        IllegalStateException.class,
        () -> FrameFile.create(directory, "same-id", FileKind.MANIFEST, 7, account));
    // The name is free again, and a file with another id may have it.
    FrameFile.create(directory, "new", FileKind.MANIFEST, 8, account).close();
    assertNames(assertThrows(IllegalStateException.class, directory::close), "frame file new");
    frames.close();
    account.close();
  }

  @Test
  void pagesOfAFileAreAttachedOnceAtATime() throws Exception {
    PageCacheOptions options =
        PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(1);
    try (PageCache cache = PageCache.open(bus, budget, options);
        PageCache otherCache = PageCache.open(bus, budget, options);
        DataFile file = directory.create("tree", false);
        DataFile copy = directory.create("copy", false)) {
      PageFile pages = cache.attachPages(file, 5, PLAIN, lsn -> {});
      assertNames(
          assertThrows(
              IllegalStateException.class, () -> cache.attachPages(file, 5, PLAIN, lsn -> {})),
          "page file tree is already");
      assertNames(
          assertThrows(
              IllegalStateException.class,
              () -> otherCache.attachPages(copy, 5, PLAIN, lsn -> {})),
          "as page file tree");
      assertNames(assertThrows(IllegalStateException.class, directory::close), "page file tree");
      try (PageEdit edit = pages.create(0, 1, 4096)) {
        assertThrows(IllegalStateException.class, pages::close);
        assertThrows(IllegalStateException.class, directory::close);
        edit.commit(1, 2);
      }
      pages.close();
      pages.close();
      otherCache.attachPages(file, 5, PLAIN, lsn -> {}).discard();
      cache.attachPages(file, 5, PLAIN, lsn -> {}).close();
    }
  }
}
