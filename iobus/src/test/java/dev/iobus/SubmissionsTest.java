package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SubmissionsTest {

  private static final int BATCH_MAX = 12;

  private final Taking backend = new Taking();

  private final Slot[] slots =
      IntStream.range(0, 40)
          .mapToObj(i -> new Slot(0, i, Arena.global().allocate(16)))
          .toArray(Slot[]::new);

  /// A backend that ends nothing by itself.
  private static final class Taking implements RequestQueue {
    final List<Request> prepared = new ArrayList<>();
    final List<Integer> submitted = new ArrayList<>();
    int unsubmitted;

    @Override
    public int capacity() {
      return 100;
    }

    @Override
    public void prepare(Request request) {
      assertTrue(++unsubmitted <= BATCH_MAX, "prepared without room");
      prepared.add(request);
    }

    @Override
    public int room() {
      return BATCH_MAX - unsubmitted;
    }

    @Override
    public int submit() {
      submitted.add(unsubmitted);
      unsubmitted = 0;
      return 0;
    }
  }

  private Submissions submissions(int inFlightMax) {
    return new Submissions(backend, new BusCounts(), inFlightMax);
  }

  private void add(Submissions to, int index, Op op) {
    Slot slot = slots[index];
    slot.begin(slot.single);
    slot.request.op = op;
    slot.pending = true;
    to.add(slot);
  }

  private void addReads(Submissions to, int from, int end) {
    for (int i = from; i < end; i++) {
      add(to, i, Op.READ);
    }
  }

  private List<Integer> preparedSlots() {
    List<Integer> found = new ArrayList<>();
    for (Request request : backend.prepared) {
      found.add(
          IntStream.range(0, slots.length)
              .filter(i -> slots[i].request == request)
              .findFirst()
              .orElseThrow());
    }
    return found;
  }

  private static void end(Submissions submissions, Slot slot) {
    assertSame(slot, submissions.ended(slot.request.userData));
    slot.pending = false;
  }

  @Test
  void whatHasNoRoomWaitsAndGoesOnInOrderOfArrival() {
    Submissions submissions = submissions(2);
    addReads(submissions, 0, 4);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1), preparedSlots());
    addReads(submissions, 4, 6);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1), preparedSlots());
    end(submissions, slots[1]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 2), preparedSlots());
    end(submissions, slots[0]);
    end(submissions, slots[2]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 2, 3, 4), preparedSlots());
    end(submissions, slots[3]);
    end(submissions, slots[4]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 2, 3, 4, 5), preparedSlots());
  }

  @Test
  void aCancelGoesAheadOfWhatWaits() {
    Submissions submissions = submissions(2);
    addReads(submissions, 0, 5);
    assertEquals(0, submissions.flush());
    add(submissions, 9, Op.CANCEL);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 9), preparedSlots());
    end(submissions, slots[9]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 9), preparedSlots(), "the cancel's place is not for others");
    end(submissions, slots[0]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 9, 2), preparedSlots());
  }

  @Test
  void aSubmissionIsCutWhereTheBackendHasNoRoom() {
    Submissions submissions = submissions(40);
    addReads(submissions, 0, 40);
    assertEquals(0, submissions.flush());
    assertEquals(IntStream.range(0, 40).boxed().toList(), preparedSlots());
    assertEquals(0, backend.unsubmitted);
  }

  private void addPair(Submissions to, int index) {
    Slot tied = slots[index + 1];
    tied.begin(slots[index].single);
    tied.request.op = Op.FDATASYNC;
    tied.pending = true;
    Slot slot = slots[index];
    slot.begin(slot.single);
    slot.request.op = Op.WRITE;
    slot.tied = tied;
    slot.pending = true;
    to.add(slot);
  }

  @Test
  void aPairWaitsForRoomForBoth() {
    Submissions submissions = submissions(2);
    addReads(submissions, 0, 2);
    addPair(submissions, 2);
    addReads(submissions, 4, 5);
    assertEquals(0, submissions.flush());
    end(submissions, slots[0]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1), preparedSlots(), "nor does another pass it");
    end(submissions, slots[1]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 2, 3), preparedSlots());
    end(submissions, slots[3]);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(0, 1, 2, 3, 4), preparedSlots());
  }

  @Test
  void aPairIsNotCutWhereTheBackendHasNoRoom() {
    Submissions submissions = submissions(40);
    addReads(submissions, 0, BATCH_MAX - 1);
    addPair(submissions, BATCH_MAX);
    assertEquals(0, submissions.flush());
    assertEquals(List.of(BATCH_MAX, BATCH_MAX + 1), preparedSlots().subList(11, 13));
    assertEquals(List.of(BATCH_MAX - 1, 2), backend.submitted);
  }

  /// A cancel of an operation that waits went to the kernel with the number of the backend's own
  /// poll for wake-ups, and ended that.
  @Test
  void whatWaitsHasTheNumberOfNothing() {
    Submissions submissions = submissions(1);
    addReads(submissions, 0, 2);
    assertEquals(0, submissions.flush());
    int tag = (int) slots[1].request.userData;
    assertTrue(tag >= backend.capacity(), "number " + tag + " may be of something else");
  }

  @Test
  void eightThatHaveRoomAreDue() {
    Submissions submissions = submissions(10);
    addReads(submissions, 0, 7);
    assertFalse(submissions.isDue());
    addReads(submissions, 7, 8);
    assertTrue(submissions.isDue());
    assertEquals(0, submissions.flush());
    assertFalse(submissions.isDue());
    addReads(submissions, 8, 20);
    assertFalse(submissions.isDue(), "there is room for two only");
    assertEquals(0, submissions.flush());
    for (int i = 0; i < 7; i++) {
      end(submissions, slots[i]);
    }
    assertFalse(submissions.isDue());
    end(submissions, slots[7]);
    assertTrue(submissions.isDue(), "eight of the backlog could go on");
  }

  @Test
  void aCompletionOfAnEarlierUseIsTold() {
    Submissions submissions = submissions(1);
    addReads(submissions, 0, 1);
    assertEquals(0, submissions.flush());
    long stale = slots[0].request.userData;
    end(submissions, slots[0]);
    addReads(submissions, 0, 1);
    assertThrows(AssertionError.class, () -> submissions.ended(stale));
    assertEquals(0, submissions.flush());
    addReads(submissions, 1, 2);
    assertEquals(0, submissions.flush());
    assertThrows(AssertionError.class, () -> submissions.ended(stale));
    end(submissions, slots[0]);
  }
}
