package dev.iobus;

import dev.iobus.sim.SimScheduler;
import java.lang.reflect.Method;
import java.util.Objects;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/// Runs the methods of a test as the root task of its simulation.
final class InSimulation implements InvocationInterceptor {

  /// A test that has a simulation.
  interface Simulated {
    SimScheduler scheduler();
  }

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    run(invocation, context);
  }

  @Override
  public void interceptBeforeEachMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    run(invocation, context);
  }

  @Override
  public void interceptAfterEachMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> context,
      ExtensionContext extension)
      throws Throwable {
    run(invocation, context);
  }

  private static void run(Invocation<Void> invocation, ReflectiveInvocationContext<Method> context)
      throws Throwable {
    Simulated test = (Simulated) Objects.requireNonNull(context.getTarget().orElse(null));
    Throwable[] thrown = new Throwable[1];
    test.scheduler()
        .run(
            () -> {
              try {
                invocation.proceed();
              } catch (Throwable t) {
                thrown[0] = t;
              }
            });
    if (thrown[0] != null) {
      throw thrown[0];
    }
  }
}
