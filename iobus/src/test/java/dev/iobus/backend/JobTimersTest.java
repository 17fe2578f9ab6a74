package dev.iobus.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class JobTimersTest {

  @Test
  void theNearestDeadlineIsFirstWhateverIsRemoved() {
    Random random = new Random(1);
    JobTimers<NioJob> timers = new JobTimers<>(new NioJob[200]);
    List<NioJob> model = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      if (model.size() < 200 && random.nextInt(5) < 3) {
        NioJob job = new NioJob();
        job.deadline = random.nextInt(1000);
        timers.add(job);
        model.add(job);
      } else if (!model.isEmpty()) {
        NioJob gone = model.remove(random.nextInt(model.size()));
        timers.remove(gone);
        timers.remove(gone); // What is not there is not missed.
      }
      assertFirst(model, timers);
    }
    while (!model.isEmpty()) {
      NioJob first = Objects.requireNonNull(timers.first());
      timers.remove(first);
      model.remove(first);
      assertFirst(model, timers);
    }
  }

  @Test
  void theClockMayOverflow() {
    JobTimers<NioJob> timers = new JobTimers<>(new NioJob[2]);
    NioJob late = new NioJob();
    late.deadline = Long.MAX_VALUE + 5;
    NioJob early = new NioJob();
    early.deadline = Long.MAX_VALUE - 5;
    timers.add(late);
    timers.add(early);
    assertEquals(early, timers.first());
  }

  private static void assertFirst(List<NioJob> model, JobTimers<NioJob> timers) {
    if (model.isEmpty()) {
      assertNull(timers.first());
      return;
    }
    NioJob first = Objects.requireNonNull(timers.first());
    assertEquals(
        model.stream().min(Comparator.comparingLong(job -> job.deadline)).orElseThrow().deadline,
        first.deadline);
  }
}
