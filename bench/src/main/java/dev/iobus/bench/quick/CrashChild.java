package dev.iobus.bench.quick;

import dev.iobus.BackendKind;
import dev.iobus.bench.subject.StoreSettings;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The process that is killed in mid-write. Its writers do [CrashSteps] without end and tell each
/// acknowledged step on standard output, as `A <writer> <steps>;`. It ends by itself only when a
/// write fails, or when its standard input ends because the parent is gone.
final class CrashChild {

  static final String ANY_BACKEND = "any";

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
  private final Store store;

  private CrashChild(Store store) {
    this.store = store;
  }

  /// The arguments with which [#main] is started.
  static String[] arguments(Path directory, StoreSettings settings, int round, int writers) {
    BackendKind backend = settings.backend();
    return new String[] {
      directory.toString(),
      settings.durability().name(),
      Long.toString(settings.memoryBytes()),
      backend == null ? ANY_BACKEND : backend.name(),
      Integer.toString(round),
      Integer.toString(writers)
    };
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    Durability durability = Durability.valueOf(arguments[1]);
    long memoryBytes = Long.parseLong(arguments[2]);
    @Nullable BackendKind backend =
        arguments[3].equals(ANY_BACKEND) ? null : BackendKind.valueOf(arguments[3]);
    int round = Integer.parseInt(arguments[4]);
    int writers = Integer.parseInt(arguments[5]);
    Store store = new StoreSettings(durability, memoryBytes, backend).open(directory);
    CrashChild child = new CrashChild(store);
    for (int i = 0; i < writers; i++) {
      int writer = i;
      Thread.ofPlatform().name("writer " + i).start(() -> child.write(round, writer));
    }
    awaitEnd(System.in);
    Runtime.getRuntime().halt(0);
  }

  private void write(int round, int writer) {
    try {
      CrashSteps steps = new CrashSteps(round, writer);
      for (int step = 0; ; step++) {
        steps.apply(store, step);
        acknowledge(writer, step + 1);
      }
    } catch (Throwable t) {
      t.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  /// One call of the stream, so that lines of several writers cannot mix.
  private void acknowledge(int writer, int steps) {
    byte[] line = ("A " + writer + " " + steps + ";\n").getBytes(StandardCharsets.US_ASCII);
    out.write(line, 0, line.length);
    out.flush();
  }

  private static void awaitEnd(InputStream input) throws IOException {
    while (input.read() >= 0) {
      // The parent sends nothing; only the end of the stream counts.
    }
  }
}
