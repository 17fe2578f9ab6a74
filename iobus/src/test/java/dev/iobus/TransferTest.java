package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.backend.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// Short transfers and passing errors, fed by hand: no disk makes them on demand.
final class TransferTest {

  private static final int EINTR = -4;
  private static final int EIO = -5;
  private static final int EAGAIN = -11;
  private static final int EINVAL = -22;
  private static final int ECANCELED = -125;

  private final Request request = new Request();
  private final Transfer transfer = new Transfer();

  private void begin(long length, boolean writes, boolean direct) {
    begin(length, writes, direct ? Progress.GRID_BYTES : 1);
  }

  private void begin(long length, boolean writes, int grid) {
    MemorySegment memory = Arena.ofAuto().allocate(length, 4096);
    transfer.begin(request, memory, 1 << 20, writes, grid);
  }

  private void assertNext(long position, int length) {
    assertEquals((1 << 20) + position, request.offset);
    assertEquals(length, request.length);
  }

  @Test
  void piecesAreAtMostHalfAMebibyte() {
    begin(Transfer.PIECE_BYTES + 10, false, false);
    assertNext(0, Transfer.PIECE_BYTES);
    assertEquals(1, transfer.advance(request, Transfer.PIECE_BYTES, false));
    assertNext(Transfer.PIECE_BYTES, 10);
    assertEquals(0, transfer.advance(request, 10, false));
    assertEquals(Transfer.PIECE_BYTES + 10, transfer.transferred());
  }

  @Test
  void shortTransfersAreResumedWhereTheyEnded() {
    begin(10_000, true, false);
    assertEquals(1, transfer.advance(request, 5001, false));
    assertNext(5001, 4999);
    assertEquals(0, transfer.advance(request, 4999, false));
    assertEquals(10_000, transfer.transferred());
  }

  @Test
  void directTransfersAreResumedOnTheGrid() {
    begin(16_384, true, true);
    assertEquals(1, transfer.advance(request, 5000, false));
    assertNext(4096, 12_288);
    assertEquals(1, transfer.advance(request, 4096, false));
    assertNext(8192, 8192);
    assertEquals(0, transfer.advance(request, 8192, false));
    assertEquals(16_384, transfer.transferred());
  }

  @Test
  void theGridIsThatOfTheFile() {
    begin(65_536, true, 16_384);
    assertEquals(1, transfer.advance(request, 20_480, false));
    assertNext(16_384, 49_152);
    assertEquals(0, transfer.advance(request, 49_152, false));
    begin(4096, true, 512);
    assertEquals(1, transfer.advance(request, 1100, false));
    assertNext(1024, 3072);
  }

  @Test
  void theEndOfTheFileEndsARead() {
    begin(10_000, false, false);
    assertEquals(1, transfer.advance(request, 4000, false));
    assertEquals(0, transfer.advance(request, 0, false));
    assertEquals(4000, transfer.transferred());
  }

  @Test
  void aDirectReadEndsWhenTheSameEndIsMetTwice() {
    begin(16_384, false, true);
    assertEquals(1, transfer.advance(request, 5000, false));
    assertNext(4096, 12_288);
    assertEquals(0, transfer.advance(request, 904, false));
    assertEquals(5000, transfer.transferred());
  }

  @Test
  void aWriteWithoutProgressFails() {
    begin(10_000, true, false);
    assertEquals(1, transfer.advance(request, 100, false));
    assertEquals(EIO, transfer.advance(request, 0, false));
    begin(8192, true, true);
    for (int round = 1; round < Progress.ROUNDS_MAX; round++) {
      assertEquals(1, transfer.advance(request, 512, false), "round " + round);
      assertNext(0, 8192);
    }
    assertEquals(EIO, transfer.advance(request, 512, false));
  }

  /// A direct write of one page came back short at its fourth sector, and the request that started
  /// the page anew at the second: that ended as EIO, though the device took what it was given.
  @Test
  void aDirectTransferMayFallBehindInItsCell() {
    for (boolean writes : new boolean[] {false, true}) {
      begin(8192, writes, true);
      assertEquals(1, transfer.advance(request, 4096 + 2048, false));
      assertNext(4096, 4096);
      assertEquals(1, transfer.advance(request, 1024, false));
      assertNext(4096, 4096);
      assertEquals(1, transfer.advance(request, 1024, false));
      assertEquals(6144, transfer.transferred());
      assertEquals(0, transfer.advance(request, 4096, false));
      assertEquals(8192, transfer.transferred());
    }
  }

  @Test
  void eachCellHasItsRounds() {
    begin(5 * 4096, true, true);
    for (int cell = 0; cell < 5; cell++) {
      for (int round = 1; round < Progress.ROUNDS_MAX; round++) {
        assertNext(cell * 4096L, (5 - cell) * 4096);
        assertEquals(1, transfer.advance(request, 512, false));
      }
      assertEquals(cell < 4 ? 1 : 0, transfer.advance(request, 4096, false));
    }
    assertEquals(5 * 4096, transfer.transferred());
  }

  /// As devices move whole sectors an end on one may be chance: sixteen times in a row, and a read was
  /// said to have met the end of its file. Now the next request starts there.
  @Test
  void aDirectReadGoesOnWhereAnEndIsOnASector() {
    begin(8192, false, true);
    for (int at = 0; at < 4096; at += 512) {
      assertNext(at, 8192 - at);
      assertEquals(1, transfer.advance(request, 512, false));
      if (at < 3584) {
        assertNext(at, 8192 - at);
        assertEquals(1, transfer.advance(request, 512, false));
      }
    }
    assertNext(4096, 4096);
    assertEquals(0, transfer.advance(request, 4096, false));
    assertEquals(8192, transfer.transferred());
  }

  @Test
  void aDirectReadEndsOnASectorWhereNothingMoreComes() {
    for (int last : new int[] {0, EINVAL}) {
      begin(8192, false, true);
      assertEquals(1, transfer.advance(request, 1024, false));
      assertNext(0, 8192);
      assertEquals(1, transfer.advance(request, 1024, false));
      assertNext(1024, 7168);
      assertEquals(0, transfer.advance(request, last, false));
      assertEquals(1024, transfer.transferred());
    }
    begin(8192, false, true);
    assertEquals(EINVAL, transfer.advance(request, EINVAL, false));
  }

  @Test
  void passingErrorsAreRetriedButNotForEver() {
    begin(10, true, false);
    for (int i = 0; i < 500; i++) {
      assertEquals(1, transfer.advance(request, EINTR, false));
      assertEquals(1, transfer.advance(request, EAGAIN, false));
      assertNext(0, 10);
    }
    assertEquals(EAGAIN, transfer.advance(request, EAGAIN, false));
  }

  @Test
  void aCancelledTransferIsNotResumed() {
    begin(10, true, false);
    assertEquals(ECANCELED, transfer.advance(request, 4, true));
    begin(10, true, false);
    assertEquals(ECANCELED, transfer.advance(request, EINTR, true));
    begin(10, true, false);
    assertEquals(0, transfer.advance(request, 10, true));
  }
}
