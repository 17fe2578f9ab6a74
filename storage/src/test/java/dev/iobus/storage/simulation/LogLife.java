package dev.iobus.storage.simulation;

import dev.iobus.BusOptions;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Permit;
import dev.iobus.storage.wal.Place;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;

/// A log from its opening to a close, to the end of its process or to a loss of power.
///
/// Confined to the simulation that runs.
final class LogLife {

  static final Path DIRECTORY = Path.of("/iobus-simulation/swarm");

  /// How a writer waits for what it has appended: [Wal#await].
  @FunctionalInterface
  interface Wait {
    void await(Wal wal, long lsn, Durability durability) throws IOException;
  }

  private final long seed;
  private final SimScheduler host;
  private final LogModel model;
  private final Wait wait;
  private final WalOptions options;

  /// Whether an error is nobody's fault but the disk's.
  private final boolean mayFail;

  /// How much the device has damaged by now.
  private final Supplier<LogModel.Lies> lies;

  private final Scheduler.Lock order;

  /// Whether the log was opened and its records checked.
  private boolean opened;

  private boolean failed;
  private boolean damaged;

  LogLife(
      long seed,
      SimScheduler host,
      LogModel model,
      Wait wait,
      boolean mayFail,
      Supplier<LogModel.Lies> lies) {
    this.seed = seed;
    this.host = host;
    this.model = model;
    this.wait = wait;
    this.mayFail = mayFail;
    this.lies = lies;
    options = LogPlans.options(seed);
    order = host.newLock();
  }

  /// Whether the records were given back and checked.
  boolean wasOpened() {
    return opened;
  }

  /// Whether nothing has failed, the close included.
  boolean isWell() {
    return opened && !failed;
  }

  /// Whether the log has said that it is damaged.
  boolean isDamaged() {
    return damaged;
  }

  /// Opens the log, lets the writers do what is theirs, and closes it.
  ///
  /// @param before how the life before has ended
  void live(List<LogPart> parts, LogModel.End before) {
    List<LogModel.Kept> found = new ArrayList<>();
    try (SharedBus bus =
            SharedBus.open(BusOptions.defaults().withScheduler(host).withCapacity(16));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY);
        Wal wal =
            Wal.open(
                directory,
                options,
                model.start(),
                new MemoryBudget(64 << 20),
                (lsn, end, payload) ->
                    found.add(
                        new LogModel.Kept(payload.toArray(ValueLayout.JAVA_BYTE), end)))) {
      model.recovered(found, before, lies.get());
      opened = true;
      write(wal, parts);
    } catch (IOException e) {
      failed(e);
    }
    for (int i = 0; i < 100 && host.tasks() > 1; i++) {
      host.yield(); // A writer that has told its end has not ended yet.
    }
    List<String> left = host.leftovers();
    if (!left.isEmpty()) {
      throw new AssertionError(left + " are left");
    }
  }

  private void failed(IOException e) {
    boolean blames = e instanceof CorruptionException || e instanceof FormatVersionException;
    if (blames ? lies.get() == LogModel.Lies.NONE : !mayFail) {
      throw new AssertionError(
          blames ? "what is not damaged was reported so" : "a disk without faults failed", e);
    }
    failed = true;
    damaged |= blames;
  }

  private void write(Wal wal, List<LogPart> parts) {
    TreeMap<Integer, List<LogPart>> byWriter = new TreeMap<>();
    for (LogPart part : parts) {
      switch (part) {
        case LogPart.Append append -> of(byWriter, append.writer()).add(append);
        case LogPart.Pause pause -> of(byWriter, pause.writer()).add(pause);
        case LogPart.Release release -> of(byWriter, release.writer()).add(release);
        case LogPart.Fails _, LogPart.Ends _ -> {}
      }
    }
    Scheduler.Task root = host.currentTask();
    int[] running = {byWriter.size()};
    byWriter.forEach(
        (writer, own) -> {
          Runnable body =
              () -> {
                try {
                  write(wal, writer, own);
                } catch (IOException e) {
                  failed(e);
                } finally {
                  running[0]--;
                  host.unpark(root);
                }
              };
          if ((seed + writer) % 2 == 0) {
            host.start("writer", body);
          } else {
            host.startVirtual("writer", body);
          }
        });
    while (running[0] > 0) {
      host.park(Long.MAX_VALUE);
    }
  }

  private static List<LogPart> of(Map<Integer, List<LogPart>> byWriter, int writer) {
    return byWriter.computeIfAbsent(writer, key -> new ArrayList<>());
  }

  private void write(Wal wal, int writer, List<LogPart> parts) throws IOException {
    for (LogPart part : parts) {
      switch (part) {
        case LogPart.Append append -> append(wal, append);
        case LogPart.Pause pause -> {
          long end = host.nanoTime() + pause.time().toNanos();
          while (host.nanoTime() < end) {
            host.park(end);
          }
        }
        case LogPart.Release _ -> {
          order.lock();
          try {
            wal.release(model.release(wal.durableLsn()));
          } finally {
            order.unlock();
          }
        }
        case LogPart.Fails _, LogPart.Ends _ ->
            throw new IllegalArgumentException("writer " + writer + " cannot do " + part);
      }
    }
  }

  private void append(Wal wal, LogPart.Append append) throws IOException {
    byte[] record = new byte[append.bytes()];
    new SplittableRandom(seed * 31 + append.number()).nextBytes(record);
    Permit permit = wal.acquire(record.length);
    Place place;
    LogModel.Safe safe;
    order.lock();
    try {
      place = wal.reserve(permit);
      safe = model.reserved(record, place.end());
    } finally {
      order.unlock();
    }
    place.put(0, MemorySegment.ofArray(record), 0, record.length);
    place.fill();
    wait.await(wal, place.end(), append.durability());
    model.acknowledged(place.end(), append.durability(), safe);
  }
}
