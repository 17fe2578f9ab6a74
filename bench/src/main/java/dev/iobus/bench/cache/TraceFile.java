package dev.iobus.bench.cache;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// A recorded trace: the blocks that somebody's programs used, in order. Immutable.
///
/// The file is text, gzipped or not, with the number of a block on each line: the form in which those
/// of the LIRS paper (S. Jiang, X. Zhang, SIGMETRICS 2002) are published. Lines without a number
/// separate the programs in some of them, and are skipped. Numbers stand for blocks and mean nothing
/// else, so that they are counted anew in the order in which they are met.
///
/// @param name of the file, without its extensions
/// @param uses the block of each use, from 0 on
record TraceFile(String name, int[] uses) {

  /// What a trace may have: half a gigabyte of heap while it is read.
  private static final int USES_MAX = 20_000_000;

  private static final int GZIP_MAGIC = 0x8b1f;

  /// @throws IOException when the file cannot be read or is no trace; names it and the line
  static TraceFile read(Path file) throws IOException {
    int[] uses = new int[1024];
    int count = 0;
    Map<Long, Integer> numbers = new HashMap<>();
    try (BufferedReader lines = lines(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        String text = line.strip();
        if (text.isEmpty() || text.equals("*")) {
          continue;
        }
        if (count == USES_MAX) {
          throw new IOException(file + ": more than " + USES_MAX + " uses");
        }
        if (count == uses.length) {
          uses = Arrays.copyOf(uses, Math.min(2 * count, USES_MAX));
        }
        uses[count++] = numbers.computeIfAbsent(block(file, number, text), b -> numbers.size());
      }
    }
    if (count == 0) {
      throw new IOException(file + ": no use of a block");
    }
    String name = file.getFileName().toString();
    return new TraceFile(
        name.contains(".") ? name.substring(0, name.indexOf('.')) : name,
        Arrays.copyOf(uses, count));
  }

  private static BufferedReader lines(Path file) throws IOException {
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file));
    try {
      bytes.mark(2);
      int magic = bytes.read() | bytes.read() << 8;
      bytes.reset();
      InputStream plain = magic == GZIP_MAGIC ? new GZIPInputStream(bytes) : bytes;
      return new BufferedReader(new InputStreamReader(plain, StandardCharsets.US_ASCII));
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private static long block(Path file, int line, String text) throws IOException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException(
          file + ", line " + line + ": expected the number of a block, found '" + text + "'", e);
    }
  }
}
