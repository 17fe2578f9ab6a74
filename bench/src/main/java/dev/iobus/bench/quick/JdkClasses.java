package dev.iobus.bench.quick;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Real input that every machine has: the class files of the running JDK. A key is a path such
/// as `java.base/java/lang/String.class`, its value the bytes of that file. Sorted by key.
/// Immutable; the arrays must not be changed.
final class JdkClasses {

  private static final URI JRT = URI.create("jrt:/");
  private static final String SUFFIX = ".class";

  private final byte[][] keys;
  private final byte[][] values;
  private final long bytes;

  private JdkClasses(byte[][] keys, byte[][] values) {
    this.keys = keys;
    this.values = values;
    long sum = 0;
    for (int i = 0; i < keys.length; i++) {
      sum += keys[i].length + values[i].length;
    }
    this.bytes = sum;
  }

  /// Reads them all into memory.
  ///
  /// @param limit at most so many, the first in key order
  static JdkClasses load(int limit) throws IOException {
    FileSystem jrt = FileSystems.getFileSystem(JRT);
    Path modules = jrt.getPath("/modules");
    List<Path> paths;
    try (Stream<Path> all = Files.walk(modules)) {
      paths = all.filter(path -> path.toString().endsWith(SUFFIX)).toList();
    }
    record Named(byte[] key, Path path) {}
    List<Named> named = new ArrayList<>(paths.size());
    for (Path path : paths) {
      String name = modules.relativize(path).toString();
      named.add(new Named(name.getBytes(StandardCharsets.UTF_8), path));
    }
    named.sort((a, b) -> Arrays.compareUnsigned(a.key(), b.key()));
    int count = Math.min(limit, named.size());
    byte[][] keys = new byte[count][];
    byte[][] values = new byte[count][];
    for (int i = 0; i < count; i++) {
      keys[i] = named.get(i).key();
      values[i] = Files.readAllBytes(named.get(i).path());
    }
    return new JdkClasses(keys, values);
  }

  int count() {
    return keys.length;
  }

  /// Keys and values together.
  long bytes() {
    return bytes;
  }

  byte[] key(int index) {
    return keys[index];
  }

  byte[] value(int index) {
    return values[index];
  }

  String name(int index) {
    return new String(keys[index], StandardCharsets.UTF_8);
  }

  /// The index of the first key that is not below `key`; [#count()] when all are below.
  int lowerBound(byte[] key) {
    int low = 0;
    int high = keys.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Arrays.compareUnsigned(keys[middle], key) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
