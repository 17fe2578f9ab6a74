package dev.iobus.backend;

/// kqueue cannot be used here; the message names the cause and the remedy.
public final class KqueueUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  private final boolean fallback;

  KqueueUnavailableException(boolean fallback, String message) {
    super(message);
    this.fallback = fallback;
  }

  /// Whether another backend may be chosen in its place, with this message as the reason. False
  /// for a shortage that would only be hidden so.
  public boolean fallback() {
    return fallback;
  }
}
