package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.Claim;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The end of an open log: its tasks, its files, its memory, its claim to its name. Thread-safe.
final class LogClosing {

  private final Scheduler.Lock lock;
  private final LogTasks tasks;
  private final GroupCommit commit;
  private final LogView view;
  private final AckTask acks;
  private final SegmentSupply supply;
  private final LogTimer timer;
  private final WriteWatch watch;
  private final WalWriter writer;
  private final LiveSegments live;
  private final Room room;
  private final LogBuffers buffers;
  private final LogMemory memory;
  private final Claim claim;

  LogClosing(
      Scheduler.Lock lock,
      LogTasks tasks,
      GroupCommit commit,
      LogView view,
      AckTask acks,
      SegmentSupply supply,
      LogTimer timer,
      WriteWatch watch,
      WalWriter writer,
      LiveSegments live,
      Room room,
      LogBuffers buffers,
      LogMemory memory,
      Claim claim) {
    this.lock = lock;
    this.tasks = tasks;
    this.commit = commit;
    this.view = view;
    this.acks = acks;
    this.supply = supply;
    this.timer = timer;
    this.watch = watch;
    this.writer = writer;
    this.live = live;
    this.room = room;
    this.buffers = buffers;
    this.memory = memory;
    this.claim = claim;
  }

  /// Makes everything durable, and closes.
  void finish() throws IOException {
    if (!tasks.beginClose()) {
      return;
    }
    Throwable failure = null;
    try {
      commit.finish();
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      end(failure);
    }
  }

  /// Closes without writing anything more: the files are left as a crash would leave them.
  void abandon() throws IOException {
    if (tasks.beginClose()) {
      commit.abandon();
      end(null);
    }
  }

  /// Ends the tasks of a log that nobody has got yet, which stays as it is otherwise.
  ///
  /// @param cause gets what cannot be closed
  void endTasks(Throwable cause) {
    stopTasks();
    for (WalSegment segment : supply.takePrepared()) {
      try {
        segment.closeFile();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private void stopTasks() {
    lock.lock();
    try {
      view.close();
      acks.stop();
      supply.stop();
      timer.stop();
      watch.stop();
      tasks.awaitEnd();
    } finally {
      lock.unlock();
    }
  }

  private void end(@Nullable Throwable failure) throws IOException {
    stopTasks();
    try {
      closeFiles(failure);
    } finally {
      try {
        freeMemory();
      } finally {
        claim.close();
        tasks.closed();
      }
    }
  }

  /// Closes the files that a log leaves open. One that fails keeps none of the others open.
  private void closeFiles(@Nullable Throwable failure) throws IOException {
    List<WalSegment> open = new ArrayList<>(writer.takeUnsynced());
    open.addAll(live.all());
    open.addAll(supply.takePrepared());
    IOException first = null;
    for (WalSegment segment : open) {
      try {
        segment.closeFile();
      } catch (IOException e) {
        if (failure != null) {
          failure.addSuppressed(e);
        } else if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private void freeMemory() {
    LongRecord unwritten = room.longRecord();
    if (unwritten != null) {
      unwritten.free();
    }
    buffers.close();
    memory.close();
  }
}
