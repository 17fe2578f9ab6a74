package dev.iobus.bench.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the exams make of hosts that this one is not.
final class ExamsTest {

  private final Diagnosis diagnosis = new Diagnosis();

  @Test
  void fallbackIsAWarningWithItsReason() {
    String reason = "nio: io_uring is not available: run: sysctl kernel.io_uring_disabled=0; 16";
    BackendExam.tell(diagnosis, BackendKind.NIO, reason);
    assertEquals(reason, diagnosis.facts().get("backend"));
    assertWarned("sysctl kernel.io_uring_disabled=0");
  }

  @Test
  void preferredBackendIsNoWarning() {
    BackendExam.tell(diagnosis, BackendKind.IO_URING, "io_uring: the preferred backend works here");
    assertEquals(List.of(), diagnosis.warnings());
  }

  @Test
  void slowCodecIsAWarning() {
    StoreExam.tell(diagnosis, "direct DSYNC write", "LZ4 (LZ4Factory:JavaSafe)");
    assertWarned("--enable-native-access");
    StoreExam.tell(diagnosis, "direct DSYNC write", "LZ4 (LZ4Factory:JNI)");
    assertEquals(1, diagnosis.warnings().size());
  }

  @Test
  void syncThatWaitsForNothingIsAWarning() {
    DirectoryExam.judge(diagnosis, 90_000);
    DirectoryExam.judge(diagnosis, Double.MAX_VALUE);
    assertEquals(List.of(), diagnosis.warnings());
    DirectoryExam.judge(diagnosis, 1_700);
    assertWarned("1.7 us");
  }

  @Test
  void limitsAreRead() {
    assertEquals(
        "limit 8388608, can be raised to unlimited (bytes)",
        HostExam.lockedMemory(
            List.of(
                "Max file locks            unlimited   unlimited   locks",
                "Max locked memory         8388608     unlimited   bytes")));
    assertNull(HostExam.lockedMemory(List.of()));
    assertEquals(24_683_656L << 10, HostExam.totalMemory(List.of("MemTotal:  24683656 kB")));
    assertEquals(0, HostExam.totalMemory(List.of("MemFree: 1 kB")));
  }

  private void assertWarned(String words) {
    assertEquals(1, diagnosis.warnings().size(), diagnosis.warnings().toString());
    assertTrue(diagnosis.warnings().getFirst().contains(words), diagnosis.warnings().toString());
  }

  @Test
  void fileSystemsThatAreNoDiskAreKnown() {
    assertEquals(FileSystemKind.DISK, FileSystemKind.of("ext4"));
    assertEquals(FileSystemKind.DISK, FileSystemKind.of("xfs"));
    assertNull(FileSystemKind.DISK.danger());
    assertEquals(FileSystemKind.MEMORY, FileSystemKind.of("tmpfs"));
    assertEquals(FileSystemKind.OVERLAY, FileSystemKind.of("overlay"));
    assertEquals(FileSystemKind.FUSE, FileSystemKind.of("fuse.sshfs"));
    assertEquals(FileSystemKind.FUSE, FileSystemKind.of("fuseblk"));
    assertEquals(FileSystemKind.NETWORK, FileSystemKind.of("nfs4"));
    for (FileSystemKind kind : FileSystemKind.values()) {
      assertEquals(kind == FileSystemKind.DISK, kind.danger() == null);
    }
  }
}
