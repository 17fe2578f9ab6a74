package dev.iobus.storage.memory;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  @Test
  void floorsAreNotTakenByOthers() {
    MemoryBudget budget = new MemoryBudget(100);
    MemoryBudget.Account a = budget.open("a", 30);
    MemoryBudget.Account b = budget.open("b", 20);
    assertTrue(a.tryReserve(80), "its floor and the pool");
    assertFalse(a.tryReserve(1));
    assertTrue(b.tryReserve(20), "its floor");
    assertFalse(b.tryReserve(1));
    a.release(10);
    assertTrue(b.tryReserve(10));
    assertEquals(100, budget.reserved());
  }

  @Test
  void misuseIsRefused() {
    MemoryBudget budget = new MemoryBudget(100);
    MemoryBudget.Account a = budget.open("a", 60);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> budget.open("b", 41));
    String message = requireNonNull(e.getMessage());
    assertTrue(message.contains("100") && message.contains("41"), message);
    assertTrue(a.tryReserve(5));
    assertThrows(IllegalStateException.class, () -> a.release(6));
    assertThrows(IllegalArgumentException.class, () -> a.tryReserve(-1));
    assertThrows(IllegalStateException.class, a::close);
    assertFalse(a.tryReserve(Long.MAX_VALUE), "no overflow");
    a.release(5);
    a.close();
    a.close();
    assertThrows(IllegalStateException.class, () -> a.tryReserve(1));
    assertEquals(100, budget.available());
  }

  /// One that holds what it took from its account, and gives all of it back.
  private static final class TestLender implements MemoryBudget.Lender {

    private final MemoryBudget.Account account;

    TestLender(MemoryBudget budget, String name, long bytes) {
      account = budget.open(name, 0);
      assertTrue(account.tryReserve(bytes));
      budget.addLender(this);
    }

    @Override
    public long lendable() {
      return account.reserved();
    }

    @Override
    public long giveBack(long bytes) {
      if (bytes > account.reserved()) {
        return 0;
      }
      account.release(bytes);
      return bytes;
    }
  }

  /// A cache that had grown over the whole budget gave nothing for a new account, so that no reader
  /// of a log could be opened any more.
  @Test
  void aNewAccountBorrowsItsFloor() {
    MemoryBudget budget = new MemoryBudget(100);
    TestLender cache = new TestLender(budget, "cache", 95);
    MemoryBudget.Account reader = budget.open("reader", 30);
    assertEquals(70, cache.lendable());
    assertEquals(0, budget.available());
    assertThrows(IllegalArgumentException.class, () -> budget.open("large", 71));
    assertEquals(70, cache.lendable(), "nothing is given for what would be too little");
    reader.close();
    assertEquals(30, budget.available());
  }

  /// The second cache of a budget took the place of the first as lender, and whichever was closed
  /// left none.
  @Test
  void lendersGiveTogether() throws Exception {
    MemoryBudget budget = new MemoryBudget(100);
    TestLender small = new TestLender(budget, "small", 30);
    TestLender large = new TestLender(budget, "large", 70);
    MemoryBudget.Account writer = budget.open("writer", 0);
    writer.reserve(20);
    assertEquals(50, large.lendable());
    writer.reserve(60);
    assertEquals(20, small.lendable() + large.lendable());
    assertFalse(writer.tryReserveOrBorrow(21));
    budget.removeLender(large);
    assertEquals(0, large.lendable());
    writer.reserve(20);
    assertEquals(0, small.lendable());
    budget.removeLender(small);
    assertThrows(MemoryLimitException.class, () -> writer.reserve(1));
  }

  /// Any sequence of calls by one task does what plain sums say.
  @Property(tries = 200)
  void agreesWithPlainSums(@ForAll long seed) {
    Random random = new Random(seed);
    long limit = random.nextInt(1000);
    MemoryBudget budget = new MemoryBudget(limit);
    int count = 1 + random.nextInt(4);
    List<MemoryBudget.Account> accounts = new ArrayList<>();
    long[] floors = new long[count];
    long[] held = new long[count];
    long left = limit;
    for (int i = 0; i < count; i++) {
      floors[i] = random.nextLong(left + 1);
      left -= floors[i];
      accounts.add(budget.open("a" + i, floors[i]));
    }
    for (int step = 0; step < 200; step++) {
      int i = random.nextInt(count);
      long bytes = random.nextInt(200);
      if (random.nextBoolean()) {
        long used = 0;
        for (int j = 0; j < count; j++) {
          used += Math.max(floors[j], held[j] + (j == i ? bytes : 0));
        }
        boolean expected = used <= limit;
        assertEquals(expected, accounts.get(i).tryReserve(bytes));
        held[i] += expected ? bytes : 0;
      } else {
        long back = Math.min(bytes, held[i]);
        accounts.get(i).release(back);
        held[i] -= back;
      }
      assertEquals(held[i], accounts.get(i).reserved());
    }
  }

  @Test
  void threadsNeverExceedTheLimitAndLoseNothing() throws Exception {
    MemoryBudget budget = new MemoryBudget(10_000);
    MemoryBudget.Account a = budget.open("a", 1_000);
    MemoryBudget.Account b = budget.open("b", 2_000);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      MemoryBudget.Account mine = t % 2 == 0 ? a : b;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      long held = 0;
                      for (int i = 0; i < 100_000; i++) {
                        long bytes = ThreadLocalRandom.current().nextInt(2_000);
                        if (held < 5_000 && mine.tryReserve(bytes)) {
                          held += bytes;
                        } else {
                          mine.release(held);
                          held = 0;
                        }
                        // Each is exact at its own moment; their sum lies below the limit only
                        // when read in one, so the pool is what is checked.
                        assertTrue(budget.available() >= 0);
                      }
                      mine.release(held);
                    } catch (Throwable e) {
                      failure.set(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(null, failure.get());
    assertEquals(0, budget.reserved());
    assertEquals(7_000, budget.available());
    a.close();
    b.close();
    assertEquals(10_000, budget.available());
  }
}
