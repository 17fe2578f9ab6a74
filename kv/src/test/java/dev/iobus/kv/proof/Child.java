package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A running child and what it has acknowledged so far.
///
/// The child writes eight bytes for each operation after it has returned, straight into the pipe,
/// before it begins the writer's next one. What the parent reads up to the end of the pipe is
/// therefore everything that was acknowledged, and the order of two acknowledgements in the pipe
/// is an order in which they may have happened.
///
/// Confined to the test's thread, but for the two threads in here that empty the pipes.
final class Child implements AutoCloseable {

  /// The number that says that the store is open.
  static final long OPENED = -1;

  private static final int WRITER_SHIFT = 56;
  private static final long NUMBER_MASK = (1L << WRITER_SHIFT) - 1;
  private static final long WAIT_SECONDS = 30;

  private final Process process;
  private final CountDownLatch opened = new CountDownLatch(1);
  private final Thread reader;
  private final Thread errorReader;

  // Written by the readers, read by the test after it has joined them.
  private long[] acknowledgements = new long[1 << 12];
  private int count;
  private volatile String errors = "";
  private volatile @Nullable IOException outputFailure;

  Child(Process process) {
    this.process = process;
    this.reader = Thread.ofPlatform().daemon().name("child-output").start(this::readOutput);
    this.errorReader = Thread.ofPlatform().daemon().name("child-errors").start(this::readErrors);
  }

  static long acknowledgement(int writer, long number) {
    return (long) writer << WRITER_SHIFT | number;
  }

  static int writer(long acknowledgement) {
    return (int) (acknowledgement >>> WRITER_SHIFT);
  }

  static long number(long acknowledgement) {
    return acknowledgement & NUMBER_MASK;
  }

  /// Lets the child begin: it opens its store, and each writer goes on after the given number.
  void go(long[] numbers) throws IOException {
    StringBuilder line = new StringBuilder();
    for (long number : numbers) {
      line.append(number).append(' ');
    }
    process.outputWriter(UTF_8).append(line.append('\n')).flush();
  }

  /// Waits until the child has opened its store.
  void awaitOpened() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!opened.await(10, TimeUnit.MILLISECONDS)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("the child has not opened its store: " + errors());
      }
    }
  }

  /// Sends SIGKILL and does not wait for the death.
  void kill() {
    // Not Process.destroyForcibly, which also closes the pipe and loses what is still in it.
    process.toHandle().destroyForcibly();
  }

  /// Waits for the death of the child; then all acknowledgements, in the order of the pipe.
  ///
  /// @throws AssertionError when it did not die of the kill
  long[] acknowledged() throws InterruptedException {
    long[] all = acknowledgedUntilItsEnd();
    if (process.exitValue() != 128 + 9) {
      throw new AssertionError(
          "the child has ended by itself with " + process.exitValue() + ": " + errors());
    }
    return all;
  }

  /// As [#acknowledged], but the child may have ended by itself, of an error.
  long[] acknowledgedUntilItsEnd() throws InterruptedException {
    if (!process.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the child does not die");
    }
    reader.join();
    if (outputFailure != null) {
      throw new AssertionError("acknowledgements were lost", outputFailure);
    }
    return Arrays.copyOf(acknowledgements, count);
  }

  /// What the child has written to its standard error.
  String errors() {
    try {
      process.waitFor(1, TimeUnit.SECONDS);
      errorReader.join(1_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return errors;
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
  }

  private void readOutput() {
    try (DataInputStream input =
        new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
      while (true) {
        long acknowledgement = input.readLong();
        if (acknowledgement == OPENED) {
          opened.countDown();
          continue;
        }
        if (count == acknowledgements.length) {
          acknowledgements = Arrays.copyOf(acknowledgements, 2 * count);
        }
        acknowledgements[count++] = acknowledgement;
      }
    } catch (EOFException e) {
      // The child is gone.
    } catch (IOException e) {
      outputFailure = e;
    }
  }

  private void readErrors() {
    try (InputStream input = process.getErrorStream()) {
      errors = new String(input.readAllBytes(), UTF_8);
    } catch (IOException e) {
      errors = e.toString();
    }
  }
}
