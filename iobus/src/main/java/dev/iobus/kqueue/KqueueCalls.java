package dev.iobus.kqueue;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.iobus.posix.Host;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The calls kqueue(2) and kevent(2), from the C library of macOS and FreeBSD, or from the library
/// that the system property `dev.iobus.kqueue.library` names, which is read once.
///
/// To be touched only where native access is granted. Thread-safe but for the memory that receives
/// `errno`, as in [Libc].
final class KqueueCalls {

  static final String LIBRARY_PROPERTY = "dev.iobus.kqueue.library";

  private static final Source SOURCE = Source.find();

  private static final @Nullable MethodHandle KQUEUE =
      SOURCE.link("kqueue", FunctionDescriptor.of(JAVA_INT), true);
  private static final @Nullable MethodHandle KEVENT =
      SOURCE.link(
          "kevent",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS),
          true);
  /// Without `errno`, so that any thread may call it without memory of its own.
  private static final @Nullable MethodHandle KEVENT_QUIETLY =
      SOURCE.link(
          "kevent",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS),
          false);

  private KqueueCalls() {}

  /// Where the calls come from.
  ///
  /// @param refusal why there are none, and what to do; null when there are
  private record Source(SymbolLookup lookup, String name, @Nullable String refusal) {

    static Source find() {
      String library = System.getProperty(LIBRARY_PROPERTY);
      if (library == null || library.isBlank()) {
        return ofHost();
      }
      try {
        SymbolLookup lookup = SymbolLookup.libraryLookup(Path.of(library), Arena.global());
        return checked(lookup, library);
      } catch (IllegalArgumentException e) {
        return none(
            "the library " + library + " of the system property " + LIBRARY_PROPERTY
                + " cannot be loaded: " + e.getMessage());
      }
    }

    private static Source ofHost() {
      return switch (Host.current()) {
        case MACOS, FREEBSD ->
            checked(Linker.nativeLinker().defaultLookup(), "the C library");
        case LINUX ->
            none(
                "Linux has no kqueue of its own; name a libkqueue by -D" + LIBRARY_PROPERTY
                    + "=/path/to/libkqueue.so.0, or choose io_uring or nio");
        case OTHER ->
            none(
                System.getProperty("os.name") + " has no kqueue that is known here; choose nio");
      };
    }

    private static Source checked(SymbolLookup lookup, String name) {
      for (String call : new String[] {"kqueue", "kevent"}) {
        if (lookup.find(call).isEmpty()) {
          return none(name + " has no " + call);
        }
      }
      return new Source(lookup, name, null);
    }

    private static Source none(String refusal) {
      return new Source(name -> java.util.Optional.empty(), "nothing", refusal);
    }

    @Nullable MethodHandle link(String call, FunctionDescriptor descriptor, boolean errno) {
      if (refusal != null) {
        return null;
      }
      Linker.Option[] options =
          errno
              ? new Linker.Option[] {Linker.Option.captureCallState("errno")}
              : new Linker.Option[0];
      return Linker.nativeLinker()
          .downcallHandle(lookup.find(call).orElseThrow(), descriptor, options);
    }
  }

  /// Why there are no calls, and what to do about it; null when there are.
  static @Nullable String refusal() {
    return SOURCE.refusal();
  }

  /// Where the calls come from, for people.
  static String source() {
    return SOURCE.name();
  }

  /// kqueue(2): a descriptor.
  static int kqueue(MemorySegment errno) {
    MethodHandle call = there(KQUEUE);
    try {
      return (int) Libc.orErrno((int) call.invokeExact(errno), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// kevent(2): the number of events, which may tell of failed changes where there is room.
  static int kevent(
      MemorySegment errno,
      int queue,
      MemorySegment changes,
      int changeCount,
      MemorySegment events,
      int eventsMax,
      MemorySegment timeout) {
    MethodHandle call = there(KEVENT);
    try {
      return (int)
          Libc.orErrno(
              (int)
                  call.invokeExact(
                      errno, queue, changes, changeCount, events, eventsMax, timeout),
              errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Applies one change. Returns 0, or −1 for any failure.
  static int change(int queue, MemorySegment change) {
    MethodHandle call = there(KEVENT_QUIETLY);
    try {
      return (int)
          call.invokeExact(queue, change, 1, MemorySegment.NULL, 0, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle there(@Nullable MethodHandle call) {
    if (call == null) {
      throw new IllegalStateException(String.valueOf(refusal()));
    }
    return call;
  }
}
