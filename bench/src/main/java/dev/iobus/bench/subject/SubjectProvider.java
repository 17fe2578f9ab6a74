package dev.iobus.bench.subject;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// A store that can be measured. Implementations from other source roots are found as services.
public interface SubjectProvider {

  /// A short name, such as `rocksdb`.
  String name();

  /// Version and settings, in one line, for the report.
  String describe(SubjectSettings settings);

  /// The levels that it can promise.
  Set<Sync> levels();

  /// Options that its JVM needs beside those that all get.
  default List<String> jvmOptions() {
    return List.of();
  }

  /// What it keeps of [SubjectSettings#memoryBytes()] in the Java heap, in bytes; its JVM gets so
  /// much more of it.
  default long heapBytes(SubjectSettings settings) {
    return 0;
  }

  /// What it must have beside [SubjectSettings#memoryBytes()] lest it runs out of memory, in bytes.
  default long extraBytes() {
    return 0;
  }

  /// Opens or creates a store in `directory`, which exists.
  Subject open(Path directory, SubjectSettings settings) throws IOException;
}
