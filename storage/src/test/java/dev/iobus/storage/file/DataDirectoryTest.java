package dev.iobus.storage.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusException;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DataDirectoryTest {

  @TempDir Path temp;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void filesArePrivateAndHoldWhatWasWritten(BackendKind kind) throws Exception {
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, path);
        Arena arena = Arena.ofShared()) {
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
      assertEquals(4096, Math.max(4096, directory.directAlignment()));
      assertTrue(directory.blockSize() >= 4096);
      MemorySegment out = arena.allocate(8192, 4096).fill((byte) 7);
      MemorySegment in = arena.allocate(16384, 4096);
      for (boolean direct : new boolean[] {false, true}) {
        String name = direct ? "d1" : "b1";
        try (DataFile file = directory.create(name, direct)) {
          assertEquals(direct && directory.directAlignment() > 0, file.isDirect());
          file.writeFully(out, 0, WriteFlag.NONE);
          file.writeFully(out, 8192, WriteFlag.DSYNC);
          file.dataSync();
          file.sync();
          file.truncate(12288);
          assertEquals(12288, file.size());
          assertEquals(12288, file.readFully(in, 0));
          assertEquals(-1, out.mismatch(in.asSlice(0, 8192)));
        }
        assertEquals(
            "rw-------",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path.resolve(name))));
        try (DataFile file = directory.open(name, direct, OpenFlag.READ)) {
          assertEquals(4096, file.readFully(in, 8192));
          assertThrows(BusException.class, () -> file.writeFully(out, 0, WriteFlag.NONE));
        }
      }
      directory.sync();
      assertEquals(List.of("b1", "d1"), directory.list());
      assertThrows(BusException.class, () -> directory.create("b1", false));
      directory.rename("b1", "d1");
      assertEquals(List.of("d1"), directory.list());
      directory.delete("d1");
      assertThrows(BusException.class, () -> directory.delete("d1"));
      assertThrows(BusException.class, () -> directory.open("d1", false, OpenFlag.READ));
      assertEquals(List.of(), directory.list());
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void namesCannotLeaveTheDirectory(BackendKind kind) throws Exception {
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"))) {
      String[] names = {
        "", ".", "..", "../x", "a/b", "a..b", "A", "a b", "a\0", "ä", ".x", "lock",
        "probe-0123456789abcdef", "x".repeat(65)
      };
      for (String name : names) {
        assertThrows(
            IllegalArgumentException.class, () -> directory.create(name, false), "name " + name);
        assertThrows(IllegalArgumentException.class, () -> directory.delete(name));
        assertThrows(IllegalArgumentException.class, () -> directory.rename("a", name));
      }
      directory.create("x".repeat(64), false).close();
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void linksAndDirectoriesAreNoFiles(BackendKind kind) throws Exception {
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, path)) {
      Path target = Files.writeString(temp.resolve("outside"), "secret");
      Files.createSymbolicLink(path.resolve("link"), target);
      Files.createDirectory(path.resolve("sub"));
      for (OpenFlag access : new OpenFlag[] {OpenFlag.READ, OpenFlag.WRITE}) {
        assertThrows(IOException.class, () -> directory.open("link", false, access));
        assertThrows(IOException.class, () -> directory.open("sub", false, access));
      }
      assertThrows(IOException.class, () -> directory.create("link", false));
      assertEquals("secret", Files.readString(target));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void useAfterCloseIsRefused(BackendKind kind) throws Exception {
    try (SharedBus bus = TestBus.open(kind)) {
      DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"));
      DataFile file = directory.create("f", false);
      file.close();
      file.close();
      assertThrows(IllegalStateException.class, file::size);
      assertThrows(IllegalStateException.class, file::sync);
      directory.close();
      directory.close();
      assertThrows(IllegalStateException.class, directory::list);
      assertThrows(IllegalStateException.class, directory::sync);
      assertThrows(IllegalStateException.class, () -> directory.create("g", false));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aFileIsNoDirectory(BackendKind kind) throws Exception {
    Path path = Files.writeString(temp.resolve("file"), "x");
    try (SharedBus bus = TestBus.open(kind)) {
      assertThrows(IOException.class, () -> DataDirectory.open(bus, path));
      assertThrows(
          IOException.class, () -> DataDirectory.open(bus, temp.resolve("no").resolve("parent")));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void headersAreReadFromFiles(BackendKind kind) throws Exception {
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"));
        Arena arena = Arena.ofShared();
        DataFile file = directory.create("t", false)) {
      assertThrows(
          CorruptionException.class, () -> FileHeader.read(file, FileKind.SSTABLE, 1), "empty");
      MemorySegment page = arena.allocate(4096, 4096);
      FileHeader header = new FileHeader(FileKind.SSTABLE, 1, 99);
      header.write(page);
      file.writeFully(page, 0, WriteFlag.NONE);
      assertEquals(header, FileHeader.read(file, FileKind.SSTABLE, 1));
      assertFalse(file.toString().contains("closed"));
    }
  }
}
