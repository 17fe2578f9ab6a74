package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files under a directory: how long they are, and their removal.
public final class DiskUse {

  private DiskUse() {}

  /// The lengths of all files under `directory`, in bytes. Files that vanish meanwhile count
  /// nothing.
  public static long bytes(Path directory) throws IOException {
    long[] sum = new long[1];
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            sum[0] += attributes.size();
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
    return sum[0];
  }

  /// The bytes that the files under `directory` take on the disk, holes left out and what was
  /// allocated ahead included; their lengths where the host has no `du`.
  public static long allocatedBytes(Path directory) throws IOException {
    try {
      Process du =
          new ProcessBuilder("du", "-s", "--block-size=1", directory.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      du.waitFor();
      int end = output.indexOf('\t');
      return end > 0 ? Long.parseLong(output.substring(0, end)) : bytes(directory);
    } catch (IOException noSuchProgram) {
      return bytes(directory);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return bytes(directory);
    }
  }

  /// Copies all files of `source`, which has no directories in it, into the new directory `target`.
  public static void copy(Path source, Path target) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
  }

  /// Removes `directory` and all that is in it.
  public static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
