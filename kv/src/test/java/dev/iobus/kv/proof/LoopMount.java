package dev.iobus.kv.proof;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.iobus.kv.proof.Children.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// A small ext4 file system of its own, in a file. Confined to one thread.
final class LoopMount implements AutoCloseable {

  // fs/ext4/ext4.h: _IOR('X', 125, __u32), and its flag "neither flush the journal".
  private static final long EXT4_IOC_SHUTDOWN = 0x8004587dL;
  private static final int EXT4_GOING_FLAGS_NOLOGFLUSH = 2;

  private static final int UNMOUNT_RETRIES = 50;
  private static final long UNMOUNT_RETRY_MILLIS = 100;

  private final Path image;
  private final Path directory;
  private boolean mounted;

  private LoopMount(Path image, Path directory) {
    this.image = image;
    this.directory = directory;
  }

  /// Makes and mounts the file system below `parent`; skips the running test, visibly, where that
  /// is not allowed.
  static LoopMount create(Path parent, long bytes) throws IOException, InterruptedException {
    Path image = parent.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    Outcome made = Children.tool("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
    Assumptions.assumeTrue(made.exitCode() == 0, () -> "cannot make a file system: " + made);
    LoopMount mount = new LoopMount(image, Files.createDirectory(parent.resolve("mount")));
    Outcome mounted = mount.mount();
    Assumptions.assumeTrue(mounted.exitCode() == 0, () -> "cannot mount: " + mounted);
    return mount;
  }

  /// Where it is mounted.
  Path directory() {
    return directory;
  }

  /// Unmounts and mounts again: what is then there was on the device.
  void remount() throws IOException, InterruptedException {
    unmount();
    Outcome outcome = mount();
    if (outcome.exitCode() != 0) {
      throw new AssertionError("cannot mount again: " + outcome);
    }
  }

  /// Stops the file system without writing anything any more: what it has not given to the device
  /// by now, data or journal, is lost. Every later call on it fails with EIO until [#remount].
  void losePower() {
    Linker linker = Linker.nativeLinker();
    MethodHandle open =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    MethodHandle ioctl =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2));
    MethodHandle close =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = (int) open.invokeExact(arena.allocateFrom(directory.toString()), 0);
      MemorySegment flags = arena.allocateFrom(JAVA_INT, EXT4_GOING_FLAGS_NOLOGFLUSH);
      int result = (int) ioctl.invokeExact(descriptor, EXT4_IOC_SHUTDOWN, flags);
      int closed = (int) close.invokeExact(descriptor);
      if (result != 0 || closed != 0) {
        throw new AssertionError("cannot stop the file system at " + directory);
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    if (mounted) {
      try {
        unmount();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted, and " + directory + " may still be mounted", e);
      }
    }
  }

  private Outcome mount() throws IOException, InterruptedException {
    Outcome outcome =
        Children.tool("mount", "-t", "ext4", "-o", "loop", image.toString(), directory.toString());
    mounted = outcome.exitCode() == 0;
    return outcome;
  }

  /// Insists that nothing holds the file system: a store that is closed has no open file, and the
  /// last request of a killed process ends soon. A lazy unmount cleans up where it does.
  private void unmount() throws IOException, InterruptedException {
    Outcome outcome = Children.tool("umount", directory.toString());
    for (int i = 0; i < UNMOUNT_RETRIES && outcome.exitCode() != 0; i++) {
      Thread.sleep(UNMOUNT_RETRY_MILLIS);
      outcome = Children.tool("umount", directory.toString());
    }
    mounted = false;
    if (outcome.exitCode() != 0) {
      Children.tool("umount", "-l", directory.toString());
      throw new AssertionError("something is still open on the file system: " + outcome);
    }
  }
}
