package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A bus with slots for files that is open during one test, with memory and a directory, and what
/// contracts do with it.
@Timeout(60)
abstract class OneFileBus {

  @TempDir Path directory;

  Bus bus;
  Arena arena;

  abstract BackendKind kind();

  HostFiles host() {
    return HostFiles.REAL;
  }

  Bus open(BusOptions options) throws IOException {
    return Bus.open(options);
  }

  @BeforeEach
  void openBus() throws IOException {
    bus = open(BusOptions.defaults().withBackend(kind()).withCapacity(16).withFiles(8));
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeBus() {
    if (bus != null) {
      bus.close();
      arena.close();
    }
  }

  /// Submits one operation and returns its result, which is there until `done`.
  Result run(Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    assertEquals(handle, result.handle());
    return result;
  }

  /// Runs one operation that must not fail; returns its number.
  int succeed(Handle handle) throws IOException {
    Result result = run(handle);
    assertEquals(0, result.errno(), result::toString);
    int outcome = handle.outcome;
    bus.done(result);
    return outcome;
  }

  /// Runs one operation that must fail, and returns how.
  BusException fail(Handle handle) throws IOException {
    Result result = run(handle);
    try {
      return assertThrows(
          BusException.class,
          () -> {
            switch (handle.op) {
              case READ -> result.endRead();
              case WRITE -> result.endWrite();
              case SYNC_RANGE -> result.endSyncRange();
              case ALLOCATE -> result.endAllocate();
              case LINK -> result.endLink();
              case CREATE_DIRECTORY -> result.endCreateDirectory();
              case STAT -> result.endStat();
              default -> throw new AssertionError(handle.op);
            }
          });
    } finally {
      bus.done(result);
    }
  }

  OpenFile create(String name, OpenFlag... flags) throws IOException {
    OpenFlag[] all = Arrays.copyOf(flags, flags.length + 1);
    all[flags.length] = OpenFlag.READ;
    return opened(bus.create(directory.resolve(name), all));
  }

  OpenFile opened(Handle open) throws IOException {
    Result result = run(open);
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  FileStatus status(BusFile file) throws IOException {
    Result result = run(bus.stat(file));
    FileStatus status = result.endStat();
    bus.done(result);
    return status;
  }

  void assertModified(Path path, FileStatus status) throws IOException {
    assertEquals(Files.getLastModifiedTime(path).toInstant(), status.modified());
  }

  MemorySegment bytes(int length, int seed) {
    MemorySegment memory = arena.allocate(length, 4096);
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8) + seed));
    }
    return memory;
  }

  byte[] content(String name) throws IOException {
    return host().read(directory.resolve(name));
  }

  static byte[] toArray(MemorySegment... parts) {
    int length = 0;
    for (MemorySegment part : parts) {
      length += (int) part.byteSize();
    }
    byte[] all = new byte[length];
    int at = 0;
    for (MemorySegment part : parts) {
      MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, all, at, (int) part.byteSize());
      at += (int) part.byteSize();
    }
    return all;
  }
}
