package dev.iobus.storage.memory;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One number of bytes, shared by accounts, none of which can take another's floor.
///
/// The floors are set aside when the accounts open. What is left is the pool, from which an
/// account takes what it reserves above its floor. So the sum of all reservations never exceeds
/// the limit. Thread-safe, lock-free.
public final class MemoryBudget {

  private final long limit;

  /// Bytes that belong neither to a floor nor to a reservation above one.
  private final AtomicLong pool;

  /// Changed by [#open] and [Account#close] only; for messages and statistics.
  private final List<Account> accounts = new CopyOnWriteArrayList<>();

  /// Asked when [Account#tryReserveOrBorrow] finds no bytes; null when nobody can give any back.
  private volatile @Nullable Lender lender;

  /// Holds bytes that it can do without, as a cache does. Thread-safe; never waits, and takes no
  /// lock under which anybody reserves.
  @FunctionalInterface
  public interface Lender {

    /// Frees memory and releases it. Returns how many bytes that is: 0 when it would not be as many
    /// as asked for, else about as many.
    long giveBack(long bytes);
  }

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

  /// Says who gives bytes back to those who cannot go on without; null for nobody.
  public void setLender(@Nullable Lender lender) {
    this.lender = lender;
  }

  /// Opens an account with `floorBytes` that no other account can take.
  ///
  /// @throws IllegalArgumentException when the pool does not hold the floor; names the numbers
  public Account open(String owner, long floorBytes) {
    if (floorBytes < 0) {
      throw new IllegalArgumentException("floor " + floorBytes + " of " + owner + " is negative");
    }
    if (!takeFromPool(floorBytes)) {
      throw new IllegalArgumentException(
          "memory limit " + limit + " bytes is too small: " + owner + " needs at least "
              + floorBytes + ", of which " + pool.get() + " are free besides " + accounts);
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

  /// One owner's part of the budget. Thread-safe.
  public static final class Account implements AutoCloseable {

    /// How often one call asks the lender.
    private static final int LOANS_MAX = 8;

    /// In [#reserved] once the account is closed.
    private static final long CLOSED = -1;

    private final MemoryBudget budget;
    private final String owner;
    private final long floor;
    private final AtomicLong reserved = new AtomicLong();

    private Account(MemoryBudget budget, String owner, long floor) {
      this.budget = budget;
      this.owner = owner;
      this.floor = floor;
    }

    /// As [#tryReserve], for who cannot go on without: the budget's lender is asked for what is
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
        // Others may take what was given back, but not for ever.
        if (i == LOANS_MAX || !borrow(bytes)) {
          return false;
        }
      }
      return true;
    }

    private boolean borrow(long bytes) {
      Lender lender = budget.lender;
      long before = reserved();
      if (lender == null || bytes > budget.limit - before) {
        return false;
      }
      long missing = aboveFloor(before + bytes) - aboveFloor(before) - budget.pool.get();
      return missing <= 0 || lender.giveBack(missing) > 0;
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

    /// Gives the floor back to the pool; the second call does nothing.
    ///
    /// @throws IllegalStateException when bytes are still reserved
    @Override
    public void close() {
      if (!tryClose()) {
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
