package dev.iobus.backend;

/// What a completion says beside its result. The bits are those of `cqe->flags` in
/// `linux/io_uring.h`, for all backends.
public final class CompletionFlags {

  /// A buffer of the request's pool was used; its number is [#buffer(int)].
  public static final int BUFFER = 1;

  /// More completions of the same request follow.
  public static final int MORE = 1 << 1;

  /// The memory of a zero-copy send has been given back; this completion tells nothing else.
  public static final int NOTIFICATION = 1 << 3;

  /// The pool goes on to fill the rest of the same buffer.
  public static final int BUFFER_MORE = 1 << 4;

  private static final int BUFFER_SHIFT = 16;

  private CompletionFlags() {}

  /// The flags of a completion that used a pool's buffer.
  ///
  /// @param buffer its number, 0 to 65,535
  public static int ofBuffer(int buffer) {
    return buffer << BUFFER_SHIFT | BUFFER;
  }

  /// The number of the buffer that was used; only with [#BUFFER].
  public static int buffer(int flags) {
    return flags >>> BUFFER_SHIFT;
  }

  /// Whether the request has ended.
  public static boolean isFinal(int flags) {
    return (flags & MORE) == 0;
  }
}
