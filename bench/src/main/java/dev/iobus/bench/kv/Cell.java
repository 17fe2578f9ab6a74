package dev.iobus.bench.kv;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.iobus.BackendKind;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One row for one subject in one round: all that the process needs to know that runs it.
/// Immutable.
///
/// @param row what is done
/// @param subject the name of the store
/// @param round which repetition, from 0 on
/// @param timing how long
/// @param seed decides all that is random
/// @param backend of this store; null for the best that the host allows
/// @param directory of the store's files
record Cell(
    Row row,
    String subject,
    int round,
    Timing timing,
    long seed,
    @Nullable BackendKind backend,
    String directory) {

  private static final JsonMapper JSON = new JsonMapper();

  /// The same for what prepares a store.
  Cell preparing(Workload workload, Path where) {
    Row preparation =
        new Row(
            workload,
            Threads.ONE,
            workload.usualSync(),
            0,
            null,
            row.data(),
            row.memoryBytes());
    return new Cell(preparation, subject, round, timing, seed, backend, where.toString());
  }

  /// The same in another directory.
  Cell in(Path where) {
    return new Cell(row, subject, round, timing, seed, backend, where.toString());
  }

  SubjectSettings settings() {
    return new SubjectSettings(
        row.memoryBytes(), row.data().bytes(), row.data().compression(), row.sync(), backend);
  }

  void write(Path file) throws IOException {
    Files.writeString(file, JSON.writeValueAsString(this));
  }

  static Cell read(Path file) throws IOException {
    return JSON.readValue(Files.readString(file), Cell.class);
  }
}
