package dev.iobus.storage.wal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// An acknowledgement as a stage. The log completes it and never waits for one.
final class AckStage implements AckCallback {

  private final CompletableFuture<Long> future = new CompletableFuture<>();

  /// The stage, which only the log can complete.
  CompletionStage<Long> stage() {
    return future.minimalCompletionStage();
  }

  @Override
  public void acknowledged(long lsn, @Nullable WalFailedException failure) {
    if (failure == null) {
      future.complete(lsn);
    } else {
      future.completeExceptionally(failure);
    }
  }
}
