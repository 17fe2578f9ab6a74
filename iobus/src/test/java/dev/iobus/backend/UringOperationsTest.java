package dev.iobus.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/// What the requests of io_uring do, on rings of one owner and shared ones.
@Timeout(30)
final class UringOperationsTest extends UringRequests {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyOperationRuns(boolean shared) throws Exception {
    UringBackend backend = open(shared, 16);
    try (Arena arena = Arena.ofShared()) {
      Path path = directory.resolve("größe");
      int rw = OpenBits.READ | OpenBits.WRITE;
      int fd = openFile(backend, path, rw | OpenBits.CREATE | OpenBits.EXCLUSIVE);
      assertTrue(fd >= 0, () -> Errno.name(-fd));
      int again = openFile(backend, path, rw | OpenBits.CREATE | OpenBits.EXCLUSIVE);
      assertEquals(-Errno.EEXIST, again);
      assertEquals(
          -Errno.ENOTDIR, openFile(backend, path, OpenBits.READ | OpenBits.DIRECTORY));
      assertEquals("rw-------", posix(path));

      MemorySegment data = arena.allocate(4096);
      data.fill((byte) 7);
      assertEquals(4096, run(backend, transfer(Op.WRITE, 1, fd, data, 100)));
      Request durable = transfer(Op.WRITE, 2, fd, data, 4196);
      durable.dsync = true;
      assertEquals(4096, run(backend, durable));
      for (Op op : List.of(Op.FSYNC, Op.FDATASYNC)) {
        Request sync = request(op, 3);
        sync.file = fd;
        assertEquals(0, run(backend, sync));
      }
      MemorySegment back = arena.allocate(8192);
      assertEquals(8192, run(backend, transfer(Op.READ, 4, fd, back, 100)));
      assertEquals(7, back.get(ValueLayout.JAVA_BYTE, 8191));
      assertEquals(92, run(backend, transfer(Op.READ, 5, fd, back, 8200)));
      assertEquals(0, run(backend, transfer(Op.READ, 6, fd, back, 9000)));

      Request stat = request(Op.STAT, 8);
      stat.file = fd;
      assertEquals(0, run(backend, stat));
      assertEquals(8292, stat.status.size);
      assertEquals(Files.getAttribute(path, "unix:dev"), stat.status.device);
      assertEquals(Files.getAttribute(path, "unix:ino"), stat.status.inode);
      assertEquals(ModeBits.S_IFREG | 0600, stat.status.mode);
      assertTrue(stat.status.blockSize > 0);

      Request truncate = request(Op.TRUNCATE, 9);
      truncate.file = fd;
      truncate.offset = 10;
      assertEquals(0, run(backend, truncate));
      assertEquals(10, Files.size(path));

      Request rename = request(Op.RENAME, 10);
      rename.path = path;
      rename.target = directory.resolve("b");
      assertEquals(0, run(backend, rename));
      assertEquals(List.of("b"), backend.list(directory));
      assertEquals(-Errno.ENOENT, run(backend, rename));
      Request unlink = request(Op.UNLINK, 11);
      unlink.path = directory.resolve("b");
      assertEquals(0, run(backend, unlink));
      assertEquals(-Errno.ENOENT, run(backend, unlink));

      Path sub = directory.resolve("sub");
      assertEquals(0, backend.createDirectory(sub));
      assertEquals(-Errno.EEXIST, backend.createDirectory(sub));
      assertEquals("rwx------", posix(sub));
      int dir = openFile(backend, sub, OpenBits.READ | OpenBits.DIRECTORY);
      Request dirStat = request(Op.STAT, 12);
      dirStat.file = dir;
      assertEquals(0, run(backend, dirStat));
      assertEquals(ModeBits.S_IFDIR | 0700, dirStat.status.mode);
      Request dirSync = request(Op.FSYNC, 13);
      dirSync.file = dir;
      assertEquals(0, run(backend, dirSync));
      for (int open : new int[] {fd, dir}) {
        Request close = request(Op.CLOSE, 14);
        close.file = open;
        assertEquals(0, run(backend, close));
        assertEquals(-Errno.EBADF, run(backend, close));
      }
    } finally {
      backend.close(false);
    }
  }

  private static String posix(Path path) throws Exception {
    return java.nio.file.attribute.PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aShortReadCutsAChainButNotASeries(boolean shared) throws Exception {
    UringBackend backend = open(shared, 8);
    try (Arena arena = Arena.ofShared()) {
      Path path = Files.write(directory.resolve("f"), new byte[100]);
      int fd = openFile(backend, path, OpenBits.READ);
      for (Link link : List.of(Link.CHAIN, Link.SERIALIZE)) {
        results.clear();
        Request read = transfer(Op.READ, 1, fd, arena.allocate(200), 0);
        read.link = link;
        backend.prepare(read);
        backend.prepare(request(Op.NOP, 2));
        assertEquals(0, backend.submit());
        int passed = 0;
        while (passed < 2) {
          passed += backend.await(2, SECOND, this::keep);
        }
        assertEquals(Map.of(1L, 100, 2L, link == Link.CHAIN ? -Errno.ECANCELED : 0), results);
      }
      Request close = request(Op.CLOSE, 3);
      close.file = fd;
      assertEquals(0, run(backend, close));
    } finally {
      backend.close(false);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void registeredFilesAndBuffers(boolean shared) throws Exception {
    UringBackend backend = open(shared, 8);
    try (Arena arena = Arena.ofShared()) {
      Path path = directory.resolve("f");
      int rw = OpenBits.READ | OpenBits.WRITE | OpenBits.CREATE;
      int fd = openFile(backend, path, rw);
      int slot = backend.registerFile(fd);
      assertEquals(0, slot);
      MemorySegment slab = arena.allocate(16384, 4096);
      int index = backend.registerBuffer(slab);
      assertEquals(0, index);
      slab.asSlice(4096, 4096).fill((byte) 9);
      Request write = transfer(Op.WRITE, 1, slot, slab.asSlice(4096, 4096), 0);
      write.fixedFile = true;
      write.bufferIndex = index;
      write.dsync = true;
      assertEquals(4096, run(backend, write));
      Request read = transfer(Op.READ, 2, slot, slab.asSlice(0, 4096), 0);
      read.fixedFile = true;
      read.bufferIndex = index;
      assertEquals(4096, run(backend, read));
      assertEquals(9, slab.get(ValueLayout.JAVA_BYTE, 4095));
      Request outside = transfer(Op.READ, 3, slot, arena.allocate(10), 0);
      outside.fixedFile = true;
      outside.bufferIndex = index;
      assertEquals(-Errno.EFAULT, run(backend, outside));
      Request stat = request(Op.STAT, 4);
      stat.file = slot;
      stat.fixedFile = true;
      assertEquals(0, run(backend, stat));
      assertEquals(4096, stat.status.size);
      Request truncate = request(Op.TRUNCATE, 5);
      truncate.file = slot;
      truncate.fixedFile = true;
      assertEquals(0, run(backend, truncate));
      backend.unregisterFile(slot);
      assertEquals(-Errno.EBADF, run(backend, write));
      assertThrows(IllegalArgumentException.class, () -> backend.unregisterFile(slot));
      backend.unregisterBuffer(index);
      assertEquals(index, backend.registerBuffer(slab));
      for (int i = 0; i < 16; i++) {
        assertEquals(i, backend.registerFile(fd));
      }
      assertEquals(-Errno.ENFILE, backend.registerFile(fd));
    } finally {
      backend.close(false);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cancelEndsAPendingReadAndMissesAFinishedOne(boolean shared) throws Exception {
    UringBackend backend = open(shared, 8);
    try (Arena arena = Arena.ofShared()) {
      Path fifo = directory.resolve("fifo");
      assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
      int fd = openFile(backend, fifo, OpenBits.READ | OpenBits.WRITE);
      backend.prepare(transfer(Op.READ, 1, fd, arena.allocate(8), -1));
      assertEquals(0, backend.submit());
      assertEquals(0, backend.await(1, 1_000_000, this::keep));
      assertThrows(IllegalStateException.class, () -> backend.close(false));
      Request cancel = request(Op.CANCEL, 2);
      cancel.offset = 1;
      backend.prepare(cancel);
      assertEquals(0, backend.submit());
      int passed = 0;
      while (passed < 2) {
        passed += backend.await(2, SECOND, this::keep);
      }
      assertEquals(-Errno.ECANCELED, results.get(1L));
      assertEquals(0, results.get(2L));
      assertEquals(-Errno.ENOENT, run(backend, cancel));
      cancel.offset = 4711;
      assertEquals(-Errno.ENOENT, run(backend, cancel));
    } finally {
      backend.close(false);
    }
  }

  @Test
  void badRequestsAreRefusedBeforeTheyCount() {
    UringBackend backend = open(false, 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment heap = MemorySegment.ofArray(new byte[8]);
      assertThrows(
          IllegalArgumentException.class, () -> backend.prepare(transfer(Op.READ, 0, 0, heap, 0)));
      Request over = transfer(Op.READ, 0, 0, arena.allocate(8), 0);
      over.length = 9;
      assertThrows(IllegalArgumentException.class, () -> backend.prepare(over));
      assertThrows(IllegalStateException.class, () -> backend.prepare(request(Op.NOP, 1)));
      assertThrows(IllegalStateException.class, () -> backend.prepare(request(Op.NOP, -1)));
      assertEquals(0, run(backend, request(Op.NOP, 0)));
    } finally {
      backend.close(false);
    }
  }

  @Test
  void theLockIsOfTheOpenFile() throws Exception {
    UringBackend backend = open(false, 8);
    try {
      Path path = directory.resolve("LOCK");
      int rw = OpenBits.READ | OpenBits.WRITE | OpenBits.CREATE;
      int first = openFile(backend, path, rw);
      int second = openFile(backend, path, rw);
      assertEquals(0, backend.lock(first));
      assertEquals(-Errno.EAGAIN, backend.lock(second));
      assertTrue(backend.registerFile(first) >= 0);
      Request close = request(Op.CLOSE, 1);
      close.file = first;
      assertEquals(0, run(backend, close));
      assertEquals(-Errno.EAGAIN, backend.lock(second), "the ring still holds the file");
      backend.close(false);
      UringBackend other = open(false, 8);
      assertEquals(0, other.lock(second));
      close.file = second;
      assertEquals(0, run(other, close));
      other.close(false);
    } finally {
      backend.close(false);
    }
  }
}
