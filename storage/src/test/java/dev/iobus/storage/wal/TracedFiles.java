package dev.iobus.storage.wal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// Remembers what a log does to its files, and when, so that the disk can be asked what it would
/// hold after a loss of power at any moment: whatever was written and is not covered by a sync that
/// began later, or by its own DSYNC, may be there, be lost, or be garbled, each sector of 512 bytes
/// for itself. Thread-safe.
final class TracedFiles implements LogFiles {

  private static final int SECTOR = 512;
  private static final int NEVER = Integer.MAX_VALUE;

  enum Kind {
    CREATE,
    OPEN,
    DELETE,
    DIRECTORY_SYNC,
    WRITE,
    SYNC,
    /// One that is tied to the write before it.
    TIED_SYNC
  }

  /// One call; times count begins and ends of calls.
  static final class Op {
    final Kind kind;
    final String name;
    final long offset;
    final byte[] bytes;
    final boolean dsync;
    final int begin;
    int end = NEVER;

    Op(Kind kind, String name, long offset, byte[] bytes, boolean dsync, int begin) {
      this.kind = kind;
      this.name = name;
      this.offset = offset;
      this.bytes = bytes;
      this.dsync = dsync;
      this.begin = begin;
    }

    /// Whether a slot is being made: once a log is open nothing else is written that begins with zeros.
    boolean isMaking() {
      return kind == Kind.WRITE && bytes[0] == 0;
    }

    /// Whether it is what makes a group durable.
    boolean isSync() {
      return kind == Kind.SYNC || kind == Kind.TIED_SYNC || dsync;
    }
  }

  /// Called before each operation is done: may wait, or throw in place of it.
  @FunctionalInterface
  interface Fault {
    void before(Op op) throws IOException;
  }

  private final LogFiles files;
  private final Map<String, byte[]> before;
  private final List<Op> ops = new ArrayList<>();
  private int now;
  private volatile Fault fault = op -> {};

  /// @param before what the directory holds, all of it durable
  TracedFiles(LogFiles files, Map<String, byte[]> before) {
    this.files = files;
    this.before = before;
  }

  void fault(Fault next) {
    fault = next;
  }

  /// Makes the device of a log that is opened meanwhile the quickest in one way.
  ///
  /// @param delay the waste of time that each other way costs
  void quickestIn(AppendPrimitive.Way way, Runnable delay) {
    fault =
        op -> {
          boolean slow =
              (op.dsync && way != AppendPrimitive.Way.DSYNC)
                  || (op.kind == Kind.SYNC && way != AppendPrimitive.Way.SYNC)
                  || (op.kind == Kind.TIED_SYNC && way != AppendPrimitive.Way.LINKED);
          if (slow) {
            delay.run();
          }
        };
  }

  synchronized int now() {
    return now++;
  }

  synchronized List<Op> ops() {
    return List.copyOf(ops);
  }

  private synchronized Op begin(Kind kind, String name, long offset, byte[] bytes, boolean dsync) {
    Op op = new Op(kind, name, offset, bytes, dsync, now++);
    ops.add(op);
    return op;
  }

  private synchronized void end(Op op) {
    op.end = now++;
  }

  @FunctionalInterface
  private interface Call {
    void run() throws IOException;
  }

  private void perform(Op op, Call call) throws IOException {
    fault.before(op);
    call.run();
    end(op);
  }

  @Override
  public LogFile create(String name, boolean direct) throws IOException {
    Op op = begin(Kind.CREATE, name, 0, new byte[0], false);
    LogFile file = files.create(name, direct);
    end(op);
    return new Traced(name, file);
  }

  @Override
  public LogFile open(String name, boolean direct) throws IOException {
    Op op = begin(Kind.OPEN, name, 0, new byte[0], false);
    fault.before(op);
    LogFile file = files.open(name, direct);
    end(op);
    return new Traced(name, file);
  }

  @Override
  public void delete(String name) throws IOException {
    perform(begin(Kind.DELETE, name, 0, new byte[0], false), () -> files.delete(name));
  }

  @Override
  public void sync() throws IOException {
    perform(begin(Kind.DIRECTORY_SYNC, "", 0, new byte[0], false), files::sync);
  }

  private final class Traced implements LogFile {

    private final String name;
    private final LogFile file;

    Traced(String name, LogFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
      boolean dsync = flag == WriteFlag.DSYNC;
      perform(
          begin(Kind.WRITE, name, offset, from.toArray(JAVA_BYTE), dsync),
          () -> file.writeFully(from, offset, flag));
    }

    @Override
    public void dataSync() throws IOException {
      perform(begin(Kind.SYNC, name, 0, new byte[0], false), file::dataSync);
    }

    @Override
    public void sync() throws IOException {
      perform(begin(Kind.SYNC, name, 0, new byte[0], false), file::sync);
    }

    @Override
    public void writeAndDataSync(MemorySegment from, long offset) throws IOException {
      perform(
          begin(Kind.WRITE, name, offset, from.toArray(JAVA_BYTE), false),
          () -> file.writeAndDataSync(from, offset));
      perform(begin(Kind.TIED_SYNC, name, 0, new byte[0], false), () -> {});
    }

    @Override
    public boolean isDirect() {
      return file.isDirect();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /// What the directory holds after a crash at `time`.
  ///
  /// @param powerLoss else only the process died: what the kernel was given is all there
  synchronized Map<String, byte[]> imageAt(int time, boolean powerLoss, Random random) {
    Map<String, byte[]> image = new TreeMap<>();
    before.forEach((name, bytes) -> image.put(name, bytes.clone()));
    int lossOdds = 1 + random.nextInt(4);
    for (Op op : ops) {
      if (op.begin >= time) {
        continue;
      }
      switch (op.kind) {
        case CREATE -> {
          if (isDone(op, time, powerLoss) || random.nextBoolean()) {
            image.put(op.name, new byte[0]);
          }
        }
        case DELETE -> {
          if (isDone(op, time, powerLoss) || random.nextBoolean()) {
            image.remove(op.name);
          }
        }
        case WRITE -> write(op, time, powerLoss, lossOdds, image, random);
        case OPEN, SYNC, TIED_SYNC, DIRECTORY_SYNC -> {}
      }
    }
    return image;
  }

  private void write(
      Op op, int time, boolean powerLoss, int lossOdds, Map<String, byte[]> image, Random random) {
    byte[] content = image.get(op.name);
    if (content == null) {
      return;
    }
    int at = Math.toIntExact(op.offset);
    boolean whole = isDone(op, time, powerLoss);
    if (content.length < at + op.bytes.length && (whole || random.nextInt(8) != 0)) {
      content = Arrays.copyOf(content, at + op.bytes.length);
      image.put(op.name, content);
    }
    byte[] garbage = new byte[SECTOR];
    for (int from = 0; from < op.bytes.length; from += SECTOR) {
      int length = Math.min(SECTOR, content.length - at - from);
      if (length <= 0) {
        return;
      }
      byte[] source = op.bytes;
      int sourceAt = from;
      if (!whole && random.nextInt(lossOdds) == 0) {
        if (random.nextInt(3) != 0) {
          continue;
        }
        random.nextBytes(garbage);
        source = garbage;
        sourceAt = 0;
      }
      System.arraycopy(source, sourceAt, content, at + from, length);
    }
  }

  /// Whether what an operation did is there for certain.
  private boolean isDone(Op op, int time, boolean powerLoss) {
    if (op.end >= time) {
      return false;
    }
    if (!powerLoss || op.dsync) {
      return true;
    }
    for (Op sync : ops) {
      boolean covers =
          op.kind == Kind.WRITE
              ? (sync.kind == Kind.SYNC || sync.kind == Kind.TIED_SYNC)
                  && sync.name.equals(op.name)
              : sync.kind == Kind.DIRECTORY_SYNC;
      if (covers && sync.begin > op.end && sync.end < time) {
        return true;
      }
    }
    return false;
  }
}
