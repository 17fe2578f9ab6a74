package dev.iobus.storage.memory;

import java.io.IOException;

/// The memory budget cannot give what an operation needs. The operation had no effect and may be
/// tried again; where it happens often the budget is too small.
public final class MemoryLimitException extends IOException {

  private static final long serialVersionUID = 1L;

  /// One refusal; the message tells what the budget had, too.
  ///
  /// @param owner who asked
  /// @param bytes how many bytes it asked for
  /// @param budget the budget that could not give them
  public MemoryLimitException(String owner, long bytes, MemoryBudget budget) {
    super(
        owner + " needs " + bytes + " bytes; " + budget.reserved() + " of the limit of "
            + budget.limit() + " are reserved and " + budget.available()
            + " are free of others' floors: raise the limit, or give back what is held");
  }

  /// A refusal that did not pass.
  ///
  /// @param message what could not be done for so long
  /// @param cause the last refusal
  public MemoryLimitException(String message, MemoryLimitException cause) {
    super(message, cause);
  }
}
