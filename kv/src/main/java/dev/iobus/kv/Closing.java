package dev.iobus.kv;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Steps of an end that are all taken, whatever becomes of those before. Stateless.
final class Closing {

  private Closing() {}

  /// One step.
  interface Step {
    void run() throws IOException;
  }

  /// Takes the steps in order and throws the first failure, with the others suppressed.
  static void all(Step... steps) throws IOException {
    @Nullable Throwable failure = null;
    for (Step step : steps) {
      try {
        step.run();
      } catch (IOException | RuntimeException | Error e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(failure);
    }
  }
}
