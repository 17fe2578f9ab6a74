package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// Calls on sockets that do not wait, under their C names; a failure is the negated error number.
/// Linked when the first socket is used. Thread-safe.
public final class SocketCalls {

  private static final MethodHandle SOCKET =
      Libc.downcall("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle BIND =
      Libc.downcall("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle LISTEN =
      Libc.downcall("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle GETSOCKNAME =
      Libc.downcall("getsockname", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle GETPEERNAME =
      Libc.downcall("getpeername", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle SETSOCKOPT =
      Libc.downcall(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle GETSOCKOPT =
      Libc.downcall(
          "getsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

  private SocketCalls() {}

  public static int socket(int family, int type, int protocol) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      return (int) Libc.orErrno((int) SOCKET.invokeExact(errno, family, type, protocol), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Gives a socket its own address.
  ///
  /// @param address as [SocketAbi#encode] made it
  public static int bind(int fd, MemorySegment address, int length) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      return (int) Libc.orErrno((int) BIND.invokeExact(errno, fd, address, length), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int listen(int fd, int backlog) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      return (int) Libc.orErrno((int) LISTEN.invokeExact(errno, fd, backlog), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// The address of a socket's own end, or null where the call fails.
  public static @Nullable SocketAddress getsockname(int fd) {
    return name(GETSOCKNAME, fd);
  }

  /// The address of the other end, or null where there is none.
  public static @Nullable SocketAddress getpeername(int fd) {
    return name(GETPEERNAME, fd);
  }

  public static int setsockopt(int fd, int level, int option, int value) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      MemorySegment memory = call.allocateFrom(JAVA_INT, value);
      return (int)
          Libc.orErrno(
              (int) SETSOCKOPT.invokeExact(errno, fd, level, option, memory, Integer.BYTES),
              errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Returns the value, which no option used here has below 0, or a negated error number.
  public static int getsockopt(int fd, int level, int option) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      MemorySegment memory = call.allocate(JAVA_INT);
      MemorySegment length = call.allocateFrom(JAVA_INT, Integer.BYTES);
      int answer =
          (int)
              Libc.orErrno(
                  (int) GETSOCKOPT.invokeExact(errno, fd, level, option, memory, length), errno);
      return answer < 0 ? answer : memory.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static @Nullable SocketAddress name(MethodHandle handle, int fd) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      MemorySegment storage = call.allocate(SocketAbi.SOCKADDR_BYTES, 8);
      MemorySegment length = call.allocateFrom(JAVA_INT, SocketAbi.SOCKADDR_BYTES);
      int answer = (int) handle.invokeExact(errno, fd, storage, length);
      return answer < 0
          ? null
          : SocketAbi.decode(storage, length.get(ValueLayout.JAVA_INT, 0));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
