package dev.iobus;

import dev.iobus.sim.SimScheduler;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/// Runs a test, with what is before and after it, as the root task of its simulation.
final class InSimulation
    implements BeforeEachCallback, AfterEachCallback, InvocationInterceptor {

  /// A test that has a simulation.
  interface Simulated {
    SimScheduler scheduler();
  }

  /// One run of a simulation whose root task does what it is given.
  private static final class Run {

    private record Step(Invocation<Void> invocation, CompletableFuture<Void> end) {}

    /// Empty for the end.
    private final SynchronousQueue<Optional<Step>> steps = new SynchronousQueue<>();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    Run(SimScheduler scheduler) {
      Thread.ofPlatform()
          .daemon()
          .name("simulation")
          .start(
              () -> {
                try {
                  scheduler.run(this::carryOut);
                  ended.complete(null);
                } catch (Throwable t) {
                  ended.completeExceptionally(t);
                }
              });
    }

    private void carryOut() throws InterruptedException {
      for (Optional<Step> next = steps.take(); next.isPresent(); next = steps.take()) {
        Step step = next.get();
        try {
          step.invocation.proceed();
          step.end.complete(null);
        } catch (Throwable t) {
          step.end.completeExceptionally(t);
        }
      }
    }

    /// Returns when the invocation or the whole run has ended.
    void run(Invocation<Void> invocation) throws Throwable {
      CompletableFuture<Void> end = new CompletableFuture<>();
      steps.put(Optional.of(new Step(invocation, end)));
      await(CompletableFuture.anyOf(end, ended));
    }

    void end() throws Throwable {
      if (!ended.isDone()) {
        steps.put(Optional.empty());
      }
      await(ended);
    }

    private static void await(CompletableFuture<?> future) throws Throwable {
      try {
        future.get();
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        throw cause == null ? e : cause;
      }
    }
  }

  private @Nullable Run run;

  @Override
  public void beforeEach(ExtensionContext context) {
    run = new Run(((Simulated) context.getRequiredTestInstance()).scheduler());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    try {
      current().end();
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private Run current() {
    Run current = run;
    assert current != null : "the simulation has not begun";
    return current;
  }

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    current().run(invocation);
  }

  @Override
  public void interceptBeforeEachMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    current().run(invocation);
  }

  @Override
  public void interceptAfterEachMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    current().run(invocation);
  }
}
