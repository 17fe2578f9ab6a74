package dev.iobus;

import dev.iobus.ResultVisitor.Then;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Passes results to the [ResultVisitor] of the dispatch under way, and does as it says.
///
/// Confined to the bus thread.
final class Visits {

  // Constant after construction.
  private final HandleTable table;
  private final Placing placing;
  private final Results results;
  private final DirectResults direct;

  // Owned by the bus thread.
  private @Nullable ResultVisitor visitor;

  /// How many dispatches are under way, each but the first called by the visitor of another.
  private int depth;

  Visits(HandleTable table, Placing placing, Results results, DirectResults direct) {
    this.table = table;
    this.placing = placing;
    this.results = results;
    this.direct = direct;
  }

  /// Begins a dispatch. Returns what [#leave] takes.
  @SuppressWarnings("ReferenceEquality") // A store costs the collector's barrier.
  @Nullable ResultVisitor enter(ResultVisitor next) {
    ResultVisitor outer = visitor;
    if (outer != next) {
      visitor = next;
    }
    depth++;
    return outer;
  }

  /// Ends it.
  void leave(@Nullable ResultVisitor outer) {
    if (--depth > 0) {
      visitor = outer;
    }
  }

  /// Passes on the result of a plain operation the short way, which keeps what is thrown. In few
  /// steps: the compiler looks no deeper than it must.
  void pass(Handle handle, long userData, int outcome) {
    try {
      Then then = Objects.requireNonNull(visitor).visit(handle.result, outcome);
      if (then != Then.REARM || !placing.rearmsAtOnce(handle, userData)) {
        end(handle, userData, then);
      }
    } catch (Throwable t) {
      letGo(handle, userData);
      direct.keep(t);
    }
  }

  /// Passes on the result of a handle that was dispatched, unless its callback has ended it.
  ///
  /// @param userData of the operation before its callback ran
  void accept(Handle handle, long userData) throws IOException {
    if (!holds(handle, userData)) {
      return;
    }
    try {
      end(handle, userData, Objects.requireNonNull(visitor).visit(handle.result, handle.outcome));
    } catch (Throwable t) {
      letGo(handle, userData);
      throw t;
    }
  }

  private void end(Handle handle, long userData, Then then) throws IOException {
    Objects.requireNonNull(then, "the visitor returned null; return DONE, REARM or KEEP");
    boolean again = then == Then.REARM && holds(handle, userData);
    if (again && !isCancelled(handle)) {
      placing.rearm(handle.bus, handle);
    } else if (then != Then.KEEP) {
      letGo(handle, userData);
    }
  }

  /// Whether it was told to end, also where the cancel itself has ended first.
  private boolean isCancelled(Handle handle) {
    return handle.extras.cancelRequested || table.hasCancel(handle);
  }

  /// Ends the view of a result, unless it was ended.
  ///
  /// @param userData of its operation: the handle may have become another's
  void letGo(Handle handle, long userData) {
    if (holds(handle, userData)) {
      results.done(handle);
    }
  }

  /// Whether the result is still that one: the visitor may have ended it, and taken the handle for
  /// another operation.
  private static boolean holds(Handle handle, long userData) {
    return handle.userData == userData && handle.isDispatched();
  }
}
