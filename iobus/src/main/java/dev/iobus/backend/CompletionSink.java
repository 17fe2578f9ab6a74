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
}
