package dev.iobus.bench.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/// Gives the pages of files back to the kernel (posix_fadvise(2), POSIX_FADV_DONTNEED), so that a
/// child in a [MemoryCgroup] pays for every page that it uses: a page is charged to whoever brought
/// it in, and one that is already there is free.
public final class FileCache {

  private static final int DONTNEED = 4;
  private static final int READ_ONLY = 0;

  private FileCache() {}

  /// Makes all files under `directory` durable and drops their pages. Elsewhere than on Linux the
  /// pages stay.
  public static void drop(Path directory) throws IOException {
    boolean linux = System.getProperty("os.name").equals("Linux");
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.force(false);
        }
        if (linux) {
          Calls.drop(file);
        }
      }
    }
  }

  /// The three calls of the C library; loaded where they are used only.
  private static final class Calls {

    private static final MethodHandle OPEN =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("open"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("close"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle ADVISE =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("posix_fadvise"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT));

    private static void drop(Path file) throws IOException {
      int descriptor;
      int error;
      try (Arena arena = Arena.ofConfined()) {
        descriptor = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), READ_ONLY);
        error = (int) ADVISE.invokeExact(descriptor, 0L, 0L, DONTNEED);
        int closed = (int) CLOSE.invokeExact(descriptor);
        error = error == 0 ? -closed : error;
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
      if (error != 0) {
        throw new IOException(file + ": its cached pages could not be dropped, error " + error);
      }
    }
  }
}
