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
  private static final int ECANCELED = -125;

  private final Request request = new Request();
  private final Transfer transfer = new Transfer();

  private void begin(long length, boolean writes, boolean direct) {
    MemorySegment memory = Arena.ofAuto().allocate(length, 4096);
    transfer.begin(request, memory, 1 << 20, writes, direct);
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
    assertEquals(1, transfer.advance(request, 100, false));
    assertEquals(EIO, transfer.advance(request, 100, false));
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
