package dev.iobus.backend;

/// Receives completions, in the kernel's own convention on every backend.
@FunctionalInterface
public interface CompletionSink {

  /// One request has ended.
  ///
  /// @param userData what the request carried
  /// @param result bytes or a descriptor, 0 or more; or a negated error number
  /// @param flags the kernel's flags; 0 where there are none
  void complete(long userData, int result, int flags);

  /// As [#complete], of what may be a plain request ([RequestQueue#preparePlain]): for a sink that ends
  /// most of them with no other look. Owned mode only.
  ///
  /// @param userData of any completion
  /// @return false if it is to be passed on to [#complete], and nothing was done
  default boolean completePlain(long userData, int result) {
    return false;
  }

  /// The wait is over with the completions that follow now, so that nothing is waited for if their
  /// consequences are drawn at once, and the backend may be called meanwhile. Where a backend does
  /// not say so, it is not.
  default void endsWait() {}
}
