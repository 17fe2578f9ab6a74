package dev.iobus.proof;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Inputs that were worth keeping for one target: what a fuzzer has found to reach something new, and
/// what has once shown an error. One file of (length 4, bytes), packed with gzip, beside the target's
/// tests as `fuzz/<class>.gz`. Stateless.
final class Corpus {

  private Corpus() {}

  static String fileName(Class<? extends FuzzTarget> target) {
    return "fuzz/" + target.getSimpleName() + ".gz";
  }

  /// The kept inputs; none when there is no file.
  static List<byte[]> read(Class<? extends FuzzTarget> target) throws IOException {
    List<byte[]> inputs = new ArrayList<>();
    try (InputStream file = target.getResourceAsStream(fileName(target))) {
      if (file != null) {
        DataInputStream in = new DataInputStream(new GZIPInputStream(file));
        for (int count = in.readInt(); count > 0; count--) {
          inputs.add(in.readNBytes(in.readInt()));
        }
      }
    }
    return inputs;
  }

  /// Packs the smallest files of a directory.
  ///
  /// @param most how many
  static void write(Path packed, Path directory, int most) throws IOException {
    List<byte[]> inputs = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      files.sorted().forEach(file -> inputs.add(bytes(file)));
    }
    inputs.sort((a, b) -> a.length - b.length);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataOutputStream data = new DataOutputStream(out);
    List<byte[]> kept = inputs.subList(0, Math.min(most, inputs.size()));
    data.writeInt(kept.size());
    for (byte[] input : kept) {
      data.writeInt(input.length);
      data.write(input);
    }
    Files.createDirectories(packed.toAbsolutePath().getParent());
    try (OutputStream file = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.writeTo(file);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
