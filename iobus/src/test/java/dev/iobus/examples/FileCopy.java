package dev.iobus.examples;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredBuffer;
import dev.iobus.Result;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// Copies a file with 32 blocks in flight, and makes the copy durable: `FileCopy FROM TO`.
///
/// Each block has a part of one registered buffer to itself and goes round: it reads its piece of
/// the source, writes it to the copy, and takes the next piece. No block waits for another.
///
/// Confined to the bus thread.
public final class FileCopy {

  private static final int BLOCKS = 32;
  private static final int BLOCK_BYTES = 64 << 10;

  private final Bus bus;
  private final RegisteredBuffer buffer;
  private final OpenFile source;
  private final OpenFile copy;
  private final long size;

  /// Where the next piece begins.
  private long next;

  /// A piece of the file on its way.
  private static final class Block {
    final int place;
    long offset;
    int length;
    int done;
    boolean writes;

    Block(int index) {
      place = index * BLOCK_BYTES;
    }
  }

  private FileCopy(Bus bus, RegisteredBuffer buffer, OpenFile source, OpenFile copy, long size) {
    this.bus = bus;
    this.buffer = buffer;
    this.source = source;
    this.copy = copy;
    this.size = size;
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: FileCopy FROM TO");
      System.exit(2);
    }
    long bytes = copy(Path.of(args[0]), Path.of(args[1]), BusOptions.defaults());
    System.out.println(bytes + " bytes");
  }

  /// Returns the bytes copied. They are durable; the name is when its directory was synced.
  static long copy(Path from, Path to, BusOptions options) throws IOException {
    if (Files.exists(from) && Files.exists(to) && Files.isSameFile(from, to)) {
      throw new IOException(from + " and " + to + " are the same file");
    }
    // The arena is opened first, so that it is closed last: the bus waits for what is in flight.
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options.withCapacity(BLOCKS + 2))) {
      return copy(from, to, bus, arena);
    }
  }

  /// As above, on a bus with room for 34 operations that has nothing else to do.
  static long copy(Path from, Path to, Bus bus, Arena arena) throws IOException {
    RegisteredBuffer buffer = bus.register(arena.allocate((long) BLOCKS * BLOCK_BYTES, 4096));
    OpenFile source = run(bus, bus.open(from), Result::endOpen);
    try {
      long size = run(bus, bus.stat(source), Result::endStat).size();
      OpenFile copy = run(bus, bus.create(to, OpenFlag.TRUNCATE), Result::endOpen);
      try {
        new FileCopy(bus, buffer, source, copy, size).copyAll();
        bus.submit(bus.sync(copy));
        Result synced = bus.dispatch();
        synced.endSync();
        bus.done(synced);
      } finally {
        bus.enqueue(bus.close(copy));
      }
      return size;
    } finally {
      bus.enqueue(bus.close(source)); // The bus awaits the closes when it is closed itself.
    }
  }

  private void copyAll() throws IOException {
    int active = 0;
    for (int i = 0; i < BLOCKS && next < size; i++) {
      readNext(new Block(i));
      active++;
    }
    while (active > 0) {
      Result result = bus.dispatch(); // Submits what is queued, then waits.
      Block block = (Block) Objects.requireNonNull(result.attachment());
      int count = block.writes ? result.endWrite() : result.endRead();
      bus.done(result);
      if (count < 0) {
        throw new IOException("the source was cut to fewer than " + size + " bytes meanwhile");
      }
      block.done += count;
      if (block.done < block.length) {
        transfer(block); // It was short; the rest follows.
      } else if (!block.writes) {
        block.writes = true;
        block.done = 0;
        transfer(block);
      } else if (next < size) {
        readNext(block);
      } else {
        active--;
      }
    }
  }

  private void readNext(Block block) throws IOException {
    block.offset = next;
    block.length = (int) Math.min(BLOCK_BYTES, size - next);
    block.done = 0;
    block.writes = false;
    next += block.length;
    transfer(block);
  }

  /// Queues the transfer of what is left of a block.
  private void transfer(Block block) throws IOException {
    int place = block.place + block.done;
    int length = block.length - block.done;
    long offset = block.offset + block.done;
    Handle handle =
        block.writes
            ? bus.write(copy, buffer, place, length, offset, WriteFlag.NONE)
            : bus.read(source, buffer, place, length, offset);
    bus.enqueue(handle.attach(block));
  }

  private interface End<T> {
    T of(Result result) throws IOException;
  }

  /// One operation while no other is in flight, so that the next result is its own.
  private static <T> T run(Bus bus, Handle handle, End<T> end) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    try {
      return end.of(result);
    } finally {
      bus.done(result);
    }
  }
}
