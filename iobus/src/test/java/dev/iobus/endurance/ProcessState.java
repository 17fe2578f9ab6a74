package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// What busses take of a process: descriptors, threads, mappings of rings, memory. Immutable.
///
/// @param descriptors open files of every kind
/// @param threads Java threads of this project
/// @param workers threads of the kernel that work for rings; some stay for five seconds
/// @param mappings of rings
/// @param residentBytes anonymous memory that is there
record ProcessState(
    int descriptors, List<String> threads, int workers, int mappings, long residentBytes) {

  private static final Path PROCESS = Path.of("/proc/self");

  /// So many workers may stay, one or two for each processor and kind of file.
  private static final int WORKERS_MAX = 64;

  /// What others in the process may have opened meanwhile.
  private static final int DESCRIPTORS_MORE = 2;

  static ProcessState now() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(PROCESS), "needs /proc");
    int workers = 0;
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(PROCESS.resolve("task"))) {
      for (Path task : tasks) {
        workers += name(task).startsWith("iou-") ? 1 : 0;
      }
    }
    int descriptors;
    try (var files = Files.list(PROCESS.resolve("fd"))) {
      descriptors = (int) files.count();
    }
    List<String> threads =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("iobus-"))
            .sorted()
            .toList();
    int mappings = 0;
    for (String line : Files.readAllLines(PROCESS.resolve("maps"))) {
      mappings += line.contains("io_uring") ? 1 : 0;
    }
    return new ProcessState(descriptors, threads, workers, mappings, resident());
  }

  /// As it is now, or a little later: libkqueue closes what belonged to a queue in a thread of its own,
  /// after the queue.
  ///
  /// @param descriptors how many should be left
  static ProcessState settled(int descriptors) throws IOException, InterruptedException {
    ProcessState now = now();
    for (int i = 0; i < 200 && now.descriptors > descriptors + DESCRIPTORS_MORE; i++) {
      Thread.sleep(10);
      now = now();
    }
    return now;
  }

  private static String name(Path task) {
    try {
      return Files.readString(task.resolve("comm"));
    } catch (IOException e) {
      return ""; // It has ended.
    }
  }

  private static long resident() throws IOException {
    for (String line : Files.readAllLines(PROCESS.resolve("status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0;
  }

  /// Everything was given back since `before`.
  ///
  /// @param growthBytes memory that may have come, of the heap for instance
  void assertNothingLeftSince(ProcessState before, long growthBytes) {
    assertEquals(before.mappings, mappings, "mappings of rings");
    assertEquals(before.threads, threads, "threads");
    assertEquals(before.descriptors, descriptors, DESCRIPTORS_MORE, "descriptors");
    assertTrue(workers < before.workers + WORKERS_MAX, () -> workers + " workers of the kernel");
    long growth = residentBytes - before.residentBytes;
    assertTrue(growth < growthBytes, () -> growth + " bytes more are resident");
  }
}
