package dev.iobus.storage.memory;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// One number of bytes, shared by accounts, none of which can take another's floor.
///
/// The floors are set aside when the accounts open. What is left is the pool, from which an
/// account takes what it reserves above its floor. So the sum of all reservations never exceeds
/// the limit. Thread-safe, lock-free.
public final class MemoryBudget {

  /// How often one call asks the lenders: others may take what was given back, but not for ever.
  private static final int LOANS_MAX = 8;

  private final long limit;

  /// Bytes that belong neither to a floor nor to a reservation above one.
  private final AtomicLong pool;

  /// Changed by [#open] and [Account#close] only; for messages and statistics.
  private final List<Account> accounts = new CopyOnWriteArrayList<>();

  /// Asked when an owner that cannot go on without finds no bytes.
  private final List<Lender> lenders = new CopyOnWriteArrayList<>();

  /// Holds bytes that it can do without, as a cache does. Thread-safe; never waits, and takes no
  /// lock under which anybody asks for a loan.
  public interface Lender {

    /// What it has that it could give, in bytes; some of it may be in use now.
    long lendable();

    /// Frees memory and releases it. Returns how many bytes that is: 0 when it would not be as many
    /// as asked for, else about as many.
    long giveBack(long bytes);
  }

  /// A budget of which nothing is reserved.
  ///
  /// @param limitBytes at least 0
  public MemoryBudget(long limitBytes) {
    if (limitBytes < 0) {
      throw new IllegalArgumentException("limit " + limitBytes + " is negative");
    }
    this.limit = limitBytes;
    this.pool = new AtomicLong(limitBytes);
  }

  /// The limit, in bytes.
  public long limit() {
    return limit;
  }

  /// Bytes that all accounts have reserved; exact when none of them changes meanwhile.
  public long reserved() {
    long sum = 0;
    for (Account account : accounts) {
      sum += account.reserved();
    }
    return sum;
  }

  /// Bytes that any account could still reserve above its floor.
  public long available() {
    return pool.get();
  }

  /// Adds one who gives bytes back to those who cannot go on without. Of several, who has most is
  /// asked first.
  public void addLender(Lender lender) {
    lenders.add(lender);
  }

  /// Takes a lender out, who gives nothing back any more.
  public void removeLender(Lender lender) {
    lenders.remove(lender);
  }

  /// Opens an account with `floorBytes` that no other account can take. What is missing for it is
  /// asked of the lenders.
  ///
  /// @throws IllegalArgumentException when the pool does not hold the floor; names the numbers
  public Account open(String owner, long floorBytes) {
    if (floorBytes < 0) {
      throw new IllegalArgumentException("floor " + floorBytes + " of " + owner + " is negative");
    }
    for (int i = 0; !takeFromPool(floorBytes); i++) {
      if (i == LOANS_MAX || !borrow(floorBytes)) {
        throw new IllegalArgumentException(
            "memory limit " + limit + " bytes is too small: " + owner + " needs at least "
                + floorBytes + ", of which " + pool.get() + " are free besides " + accounts);
      }
    }
    Account account = new Account(this, owner, floorBytes);
    accounts.add(account);
    return account;
  }

  private boolean takeFromPool(long bytes) {
    while (true) {
      long free = pool.get();
      if (free < bytes) {
        return false;
      }
      if (pool.compareAndSet(free, free - bytes)) {
        return true;
      }
    }
  }

  /// Has the pool filled up until it holds `bytes`, or so: others may take what was given back.
  /// Returns whether there is reason to look again.
  private boolean borrow(long bytes) {
    long missing = bytes - pool.get();
    if (missing <= 0) {
      return true;
    }
    List<Lender> left = new ArrayList<>(lenders);
    long lendable = 0;
    for (Lender lender : left) {
      lendable += lender.lendable();
    }
    long given = 0;
    while (lendable >= missing && given < missing && !left.isEmpty()) {
      Lender richest = Collections.max(left, Comparator.comparingLong(Lender::lendable));
      given += richest.giveBack(Math.min(missing - given, richest.lendable()));
      left.remove(richest);
    }
    return given > 0;
  }

  /// One owner's part of the budget. Thread-safe.
  public static final class Account implements AutoCloseable {

    /// In [#reserved] once the account is closed.
    private static final long CLOSED = -1;

    private final MemoryBudget budget;
    private final String owner;
    private final long floor;
    private final AtomicLong reserved = new AtomicLong();
    private final AtomicLong leaked = new AtomicLong();

    private Account(MemoryBudget budget, String owner, long floor) {
      this.budget = budget;
      this.owner = owner;
      this.floor = floor;
    }

    /// As [#tryReserve], for who cannot go on without: the budget's lenders are asked for what is
    /// missing.
    ///
    /// @throws MemoryLimitException when the bytes are not there; nothing is reserved then
    public void reserve(long bytes) throws MemoryLimitException {
      if (!tryReserveOrBorrow(bytes)) {
        throw refusal(bytes);
      }
    }

    /// As [#reserve], for who waits when the bytes are not there: false then.
    public boolean tryReserveOrBorrow(long bytes) {
      for (int i = 0; !tryReserve(bytes); i++) {
        long before = reserved();
        boolean mayFit = i < LOANS_MAX && bytes <= budget.limit - before;
        if (!mayFit || !budget.borrow(aboveFloor(before + bytes) - aboveFloor(before))) {
          return false;
        }
      }
      return true;
    }

    /// What to throw after [#tryReserve] has refused that many bytes.
    public MemoryLimitException refusal(long bytes) {
      return new MemoryLimitException(owner, bytes, budget);
    }

    /// Takes `bytes`, at least 0, before they are allocated. Succeeds always within the floor, and
    /// above it while the pool holds the excess. Two calls that race for the last bytes of the
    /// pool may both fail.
    public boolean tryReserve(long bytes) {
      requireCount(bytes);
      while (true) {
        long before = reserved();
        requireOpen();
        if (bytes > budget.limit - before) {
          return false;
        }
        // The pool gives first: a concurrent release must find in it only what this account took.
        long excess = aboveFloor(before + bytes) - aboveFloor(before);
        if (!budget.takeFromPool(excess)) {
          if (reserved.get() == before) {
            return false;
          }
          continue;
        }
        if (reserved.compareAndSet(before, before + bytes)) {
          return true;
        }
        budget.pool.addAndGet(excess);
      }
    }

    /// Gives back `bytes` that were reserved, after they were freed.
    ///
    /// @throws IllegalStateException when fewer are reserved
    public void release(long bytes) {
      requireCount(bytes);
      while (true) {
        long before = reserved();
        if (bytes > before) {
          throw new IllegalStateException(
              owner + " gives back " + bytes + " bytes and has reserved " + before);
        }
        if (reserved.get() == CLOSED) {
          return;
        }
        if (reserved.compareAndSet(before, before - bytes)) {
          budget.pool.addAndGet(aboveFloor(before) - aboveFloor(before - bytes));
          return;
        }
      }
    }

    /// Closes an arena and gives back the `bytes` that were reserved for it. If its memory outlives that,
    /// as that of a bus that has failed does, they stay reserved for ever.
    ///
    /// @param arena shared; see [dev.iobus.SharedBus#newArena()]
    /// @throws IllegalStateException when it was closed before, or fewer bytes are reserved
    public void free(Arena arena, long bytes) {
      arena.close();
      if (arena.scope().isAlive()) {
        leaked.addAndGet(bytes);
      } else {
        release(bytes);
      }
    }

    /// Reserved bytes that never come back, as their memory cannot be freed; see [#free].
    public long leaked() {
      return leaked.get();
    }

    /// Who holds it; for messages.
    public String owner() {
      return owner;
    }

    /// Bytes that no other account can take.
    public long floor() {
      return floor;
    }

    /// Bytes that are reserved now; 0 once closed.
    public long reserved() {
      return Math.max(0, reserved.get());
    }

    /// Gives the floor back to the pool; the second call does nothing. An account that has nothing but
    /// leaked bytes stays as it is.
    ///
    /// @throws IllegalStateException when other bytes are still reserved
    @Override
    public void close() {
      if (!tryClose() && reserved.get() > leaked.get()) {
        throw new IllegalStateException(
            owner + " closes its account with " + reserved.get() + " bytes reserved");
      }
    }

    /// As [#close()], unless bytes are still reserved. Returns whether the account is closed.
    public boolean tryClose() {
      if (reserved.compareAndSet(0, CLOSED)) {
        budget.accounts.remove(this);
        budget.pool.addAndGet(floor);
        return true;
      }
      return reserved.get() == CLOSED;
    }

    private long aboveFloor(long bytes) {
      return Math.max(0, bytes - floor);
    }

    private void requireOpen() {
      if (reserved.get() == CLOSED) {
        throw new IllegalStateException("the account of " + owner + " is closed");
      }
    }

    private static void requireCount(long bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("byte count " + bytes + " is negative");
      }
    }

    @Override
    public String toString() {
      return owner + " (floor " + floor + ", reserved " + reserved() + ")";
    }
  }
}
