package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// Calls on sockets that do not wait, under their C names; a failure is the negated Linux error
/// number. Addresses are those of [HostSocketAbi]. Linked when the first socket is used.
///
/// Thread-safe but for the memory that receives `errno`, where one is given, as in [Libc].
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
  private static final MethodHandle CONNECT =
      Libc.downcall("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle ACCEPT =
      Libc.downcall("accept", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  /// Not on macOS.
  private static final @Nullable MethodHandle ACCEPT4 =
      Libc.downcallIfThere(
          "accept4", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
  private static final MethodHandle SEND = transfer("send");
  private static final MethodHandle RECV = transfer("recv");
  private static final MethodHandle SENDMSG = message("sendmsg");
  private static final MethodHandle RECVMSG = message("recvmsg");
  private static final MethodHandle SHUTDOWN =
      Libc.downcall("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  /// The number of structures has 64 bits on Linux and 32 elsewhere, which is one register.
  private static final MethodHandle POLL =
      Libc.downcall("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  private SocketCalls() {}

  private static MethodHandle transfer(String name) {
    return Libc.downcall(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  }

  private static MethodHandle message(String name) {
    return Libc.downcall(name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  }

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

  /// Whether a socket has another end.
  public static boolean isConnected(int fd) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      MemorySegment storage = call.allocate(SocketAbi.SOCKADDR_BYTES, 8);
      MemorySegment length = call.allocateFrom(JAVA_INT, SocketAbi.SOCKADDR_BYTES);
      return (int) GETPEERNAME.invokeExact(errno, fd, storage, length) == 0;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
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

  /// What ended a socket, SO_ERROR, which is told once: a positive Linux error number, or 0.
  public static int takeError(int fd) {
    HostSocketAbi abi = HostSocketAbi.current();
    int error = getsockopt(fd, abi.socketLevel(), abi.error());
    return error < 0 ? -error : HostErrno.toLinux(error);
  }

  /// connect(2).
  ///
  /// @param address as [HostSocketAbi#encode] made it
  public static int connect(MemorySegment errno, int fd, MemorySegment address, int length) {
    try {
      return (int) Libc.orErrno((int) CONNECT.invokeExact(errno, fd, address, length), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// accept4(2), or accept(2) where there is no such call, which takes no flags.
  ///
  /// @param length how long the memory for the address is; becomes the length of the address
  public static int accept(
      MemorySegment errno, int fd, MemorySegment address, MemorySegment length, int flags) {
    MethodHandle call = ACCEPT4;
    try {
      int answer =
          call == null
              ? (int) ACCEPT.invokeExact(errno, fd, address, length)
              : (int) call.invokeExact(errno, fd, address, length, flags);
      return (int) Libc.orErrno(answer, errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// send(2).
  public static long send(
      MemorySegment errno, int fd, MemorySegment buffer, long count, int flags) {
    try {
      return Libc.orErrno((long) SEND.invokeExact(errno, fd, buffer, count, flags), errno);
    } catch (IllegalStateException e) {
      return -Errno.EFAULT; // The memory was freed meanwhile.
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// recv(2).
  public static long recv(
      MemorySegment errno, int fd, MemorySegment buffer, long count, int flags) {
    try {
      return Libc.orErrno((long) RECV.invokeExact(errno, fd, buffer, count, flags), errno);
    } catch (IllegalStateException e) {
      return -Errno.EFAULT; // The memory was freed meanwhile.
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// sendmsg(2).
  ///
  /// @param message as [HostSocketAbi#setMessage] made it
  public static long sendmsg(MemorySegment errno, int fd, MemorySegment message, int flags) {
    try {
      return Libc.orErrno((long) SENDMSG.invokeExact(errno, fd, message, flags), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// recvmsg(2).
  ///
  /// @param message as [HostSocketAbi#setMessage] made it
  public static long recvmsg(MemorySegment errno, int fd, MemorySegment message, int flags) {
    try {
      return Libc.orErrno((long) RECVMSG.invokeExact(errno, fd, message, flags), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// shutdown(2).
  public static int shutdown(MemorySegment errno, int fd, int side) {
    try {
      return (int) Libc.orErrno((int) SHUTDOWN.invokeExact(errno, fd, side), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// poll(2) without a wait: the number of descriptors that are ready.
  ///
  /// @param pollfds `count` structures as in [PollAbi]
  public static int poll(MemorySegment errno, MemorySegment pollfds, long count) {
    try {
      return (int) Libc.orErrno((int) POLL.invokeExact(errno, pollfds, count, 0), errno);
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
          : HostSocketAbi.current().decode(storage, length.get(ValueLayout.JAVA_INT, 0));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
