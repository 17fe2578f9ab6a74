package dev.iobus.bench.review;

import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A result of an earlier run, written by this harness or by JMH.
final class EarlierResult {

  private EarlierResult() {}

  /// @param place a directory with the files of a result, its `result.json`, or a file that JMH
  ///     wrote with `-rf json`
  /// @throws IOException when nothing of that kind is there; says what was looked for
  static Result read(Path place) throws IOException {
    if (Files.isRegularFile(place)) {
      String text = Files.readString(place);
      if (text.stripLeading().startsWith("[")) {
        return JmhResults.parse(text, place.toString());
      }
    }
    return ResultFiles.read(place);
  }
}
