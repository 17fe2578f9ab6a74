package dev.iobus.proof;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A test that is run once as it is, and once for each fault. Thread-safe.
///
/// @param className the test, with its package
/// @param method of it: static, without parameters, public; it throws when it finds a fault
/// @param seconds after which a run counts as one that hangs
public record Campaign(String className, String method, int seconds) {

  /// How a run ended.
  ///
  /// @param found what the test threw; null when it found nothing
  /// @param millis how long it took
  public record Outcome(@Nullable Throwable found, long millis) {

    /// The chain of messages, in one line of at most 160 characters.
    public String story() {
      StringBuilder story = new StringBuilder();
      for (Throwable t = found; t != null; t = t.getCause()) {
        String message = t.getMessage();
        story.append(story.isEmpty() ? "" : ": ");
        story.append(message == null ? t.getClass().getSimpleName() : message);
      }
      String line = story.toString().replaceAll("\\s+", " ");
      return line.length() <= 160 ? line : line.substring(0, 159) + "…";
    }
  }

  /// Runs the test without a fault.
  ///
  /// @throws AssertionError when it finds one
  public Outcome runAsItIs() {
    Outcome outcome = run(null);
    if (outcome.found() != null) {
      throw new AssertionError(
          className + "." + method + " is red without a fault", outcome.found());
    }
    return outcome;
  }

  /// Runs the test on code with a fault.
  ///
  /// @return what it found
  /// @throws AssertionError when it did not find the fault, hangs, does not use the class, or the
  ///     fault cannot be planted
  public Outcome runWith(PlantedFault fault) {
    Outcome outcome = run(fault);
    Throwable found = outcome.found();
    if (found == null) {
      throw new AssertionError("not found: " + fault.name());
    }
    for (Throwable t = found; t != null; t = t.getCause()) {
      if (isOurs(t)) {
        throw new AssertionError("not planted: " + fault.name(), found);
      }
    }
    return outcome;
  }

  /// Runs the test with each fault and prints a line for each.
  ///
  /// @throws AssertionError when one of them is not found; names all of those
  public void runWithEach(List<PlantedFault> faults) {
    List<AssertionError> failed = new ArrayList<>();
    for (PlantedFault fault : faults) {
      try {
        Outcome outcome = runWith(fault);
        System.out.printf(
            "%5d ms  %s%n          %s%n", outcome.millis(), fault.name(), outcome.story());
      } catch (AssertionError e) {
        System.out.printf("      –    %s: %s%n", fault.name(), e.getMessage());
        failed.add(e);
      }
    }
    if (!failed.isEmpty()) {
      AssertionError all =
          new AssertionError(failed.size() + " of " + faults.size() + " faults were not found");
      failed.forEach(all::addSuppressed);
      throw all;
    }
  }

  /// Whether it comes of the planting, and not of what was planted.
  private static boolean isOurs(Throwable thrown) {
    StackTraceElement[] stack = thrown.getStackTrace();
    return thrown instanceof LinkageError
        || (stack.length > 0 && stack[0].getClassName().equals(PlantedFault.class.getName()));
  }

  private Outcome run(@Nullable PlantedFault fault) {
    FaultyClassLoader loader = new FaultyClassLoader(fault);
    @Nullable Throwable[] thrown = {null};
    Thread runner =
        new Thread(
            () -> {
              try {
                loader.loadClass(className).getMethod(method).invoke(null);
              } catch (InvocationTargetException e) {
                thrown[0] = e.getCause();
              } catch (ReflectiveOperationException | RuntimeException | Error e) {
                thrown[0] = e;
              }
            },
            "campaign");
    runner.setDaemon(true);
    long begin = System.nanoTime();
    runner.start();
    String name = fault == null ? "no fault" : fault.name();
    try {
      runner.join(seconds * 1000L);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted with " + name, e);
    }
    if (runner.isAlive()) {
      AssertionError hangs = new AssertionError("hangs for " + seconds + " s: " + name);
      hangs.setStackTrace(runner.getStackTrace());
      throw hangs;
    }
    if (fault != null && thrown[0] == null && !loader.isPlanted()) {
      throw new AssertionError("the campaign does not use " + fault.className());
    }
    return new Outcome(thrown[0], (System.nanoTime() - begin) / 1_000_000);
  }
}
