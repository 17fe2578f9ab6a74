package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.storage.wal.Durability;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The model, asked about states that a store may and may not be in.
final class HistoryTest {

  private static final int CLIENT = 1;

  private final History history = new History(Entries.CLIENTS);

  /// A delete of a key that was never there changes nothing, so what a killed process left was found
  /// to be what there was before it. As the delete was durable, the model looked for it behind its
  /// own end when the store was used on.
  @Test
  void aDurableBatchThatChangedNothingIsNoneTheLess() {
    deleteNothing(Durability.SYNCED);
    History after = history.after(history.view(), nothingAt(1), true);
    after.view().checkAfterCrash(nothingAt(1));
  }

  /// What only the kernel had, a loss of power may take, though nothing tells that it was there.
  @Test
  void aBatchThatChangedNothingMayBeLostWithPower() {
    put(Durability.SYNCED);
    deleteNothing(Durability.WRITTEN);
    int[] state = history.last(CLIENT);
    History after = history.after(history.view(), new History.Found(state, 2), true);
    after.view().checkAfterCrash(new History.Found(state, 2));
    after.view().checkAfterCrash(new History.Found(state, 1));
    assertThrows(
        AssertionError.class, () -> after.view().checkAfterCrash(new History.Found(state, 0)));
  }

  private void put(Durability durability) {
    write(new Step.Change(CLIENT, 100), durability);
  }

  private void deleteNothing(Durability durability) {
    write(new Step.Change(CLIENT + Entries.CLIENTS, -1), durability);
  }

  private void write(Step.Change change, Durability durability) {
    history.begin(CLIENT, List.of(change));
    history.acknowledged(CLIENT, durability);
  }

  private static History.Found nothingAt(long sequence) {
    return new History.Found(new int[Entries.KEYS], sequence);
  }
}
