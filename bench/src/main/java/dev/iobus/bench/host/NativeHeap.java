package dev.iobus.bench.host;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// The memory that native code of this process got from the C library.
public final class NativeHeap {

  private static final @Nullable MethodHandle TRIM =
      Linker.nativeLinker()
          .defaultLookup()
          .find("malloc_trim")
          .map(
              address ->
                  Linker.nativeLinker()
                      .downcallHandle(
                          address,
                          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)))
          .orElse(null);

  private NativeHeap() {}

  /// Gives free memory back to the kernel (malloc_trim(3)); nothing where the C library has no such
  /// call.
  public static void trim() {
    if (TRIM != null) {
      try {
        int released = (int) TRIM.invokeExact(0L);
        assert released == 0 || released == 1 : released;
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
  }
}
