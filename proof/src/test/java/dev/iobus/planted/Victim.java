package dev.iobus.planted;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// A queue of numbers, with a place for each kind of fault. Confined to one thread.
public final class Victim {

  private final ArrayDeque<Long> queue = new ArrayDeque<>();
  private final long low;
  private final long high;
  private boolean closed;
  private long count;

  private Victim(long low) {
    this.low = low;
    this.high = low + 1;
  }

  /// Finds every fault.
  public static void check() {
    Victim victim = new Victim(3);
    victim.add(5);
    require(victim.count == 1, "count");
    require(victim.sum(2, 3) == 5, "sum");
    require(!victim.isClosed(), "isClosed");
    require(!victim.isOpen(), "isOpen");
    victim.put(6);
    require(victim.queue.size() == 2, "put");
    require(Long.valueOf(5).equals(victim.peek()) && victim.queue.size() == 2, "peek");
    require(victim.low() == victim.high - 1, "low");
    require(!victim.isSame(1, 2), "isSame");
    require(victim.next(1) == 2, "next");
    victim.unused();
    victim.closed = true;
    require(victim.isClosed(), "isClosed");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private void add(long number) {
    queue.add(number);
    count();
  }

  private void count() {
    count++;
  }

  private long sum(int a, long b) {
    return plus(a, b);
  }

  private long plus(int a, long b) {
    return a + b;
  }

  private boolean isOpen() {
    return queue.isEmpty();
  }

  private @Nullable Long peek() {
    return queue.peek();
  }

  private void put(long number) {
    push(number);
  }

  private void push(long number) {
    queue.add(number);
  }

  /// What a fault calls in the place of [#push].
  static void twice(Victim victim, long number) {
    victim.push(number);
    victim.push(number);
  }

  private boolean isClosed() {
    return closed;
  }

  private long low() {
    return low;
  }

  private boolean isSame(long a, long b) {
    return a == b;
  }

  private long next(long number) {
    return number + 1;
  }

  private long unused() {
    return count + 7;
  }
}
