package dev.iobus.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;

/// Numbers and layouts of hosts other than this one.
final class HostAbiTest {

  @Test
  void errorsOfTheBsdFamilyBecomeThoseOfLinux() {
    for (Host host : new Host[] {Host.MACOS, Host.FREEBSD}) {
      assertEquals(Errno.EPERM, HostErrno.toLinux(host, 1));
      assertEquals(Errno.ENOENT, HostErrno.toLinux(host, 2));
      assertEquals(Errno.number("EDEADLK"), HostErrno.toLinux(host, 11));
      assertEquals(Errno.EINVAL, HostErrno.toLinux(host, 22));
      assertEquals(Errno.ENOTTY, HostErrno.toLinux(host, 25));
      assertEquals(Errno.EPIPE, HostErrno.toLinux(host, 32));
      assertEquals(Errno.EAGAIN, HostErrno.toLinux(host, 35));
      assertEquals(Errno.number("EINPROGRESS"), HostErrno.toLinux(host, 36));
      assertEquals(Errno.EOPNOTSUPP, HostErrno.toLinux(host, 45));
      assertEquals(Errno.number("EADDRINUSE"), HostErrno.toLinux(host, 48));
      assertEquals(Errno.number("ECONNRESET"), HostErrno.toLinux(host, 54));
      assertEquals(Errno.number("ENOTCONN"), HostErrno.toLinux(host, 57));
      assertEquals(Errno.ETIMEDOUT, HostErrno.toLinux(host, 60));
      assertEquals(Errno.number("ECONNREFUSED"), HostErrno.toLinux(host, 61));
      assertEquals(Errno.ELOOP, HostErrno.toLinux(host, 62));
      assertEquals(Errno.ENAMETOOLONG, HostErrno.toLinux(host, 63));
      assertEquals(Errno.ENOTEMPTY, HostErrno.toLinux(host, 66));
      assertEquals(Errno.EDQUOT, HostErrno.toLinux(host, 69));
      assertEquals(Errno.ESTALE, HostErrno.toLinux(host, 70));
      assertEquals(Errno.number("ENOLCK"), HostErrno.toLinux(host, 77));
      assertEquals(Errno.ENOSYS, HostErrno.toLinux(host, 78));
      assertEquals(Errno.EOVERFLOW, HostErrno.toLinux(host, 84));
      assertEquals(Errno.EIO, HostErrno.toLinux(host, 72), "no such name on Linux");
      assertEquals(Errno.EIO, HostErrno.toLinux(host, 4711));
    }
    assertEquals(Errno.ECANCELED, HostErrno.toLinux(Host.MACOS, 89));
    assertEquals(Errno.ECANCELED, HostErrno.toLinux(Host.FREEBSD, 85));
    assertEquals(Errno.EOPNOTSUPP, HostErrno.toLinux(Host.MACOS, 102));
    assertEquals(Errno.ETIME, HostErrno.toLinux(Host.MACOS, 101));
    assertEquals(Errno.number("EOWNERDEAD"), HostErrno.toLinux(Host.FREEBSD, 96));
    for (int errno = 1; errno < 134; errno++) {
      assertEquals(errno, HostErrno.toLinux(Host.LINUX, errno));
    }
  }

  @Test
  void hostsAreKnownByTheirNames() {
    assertEquals(Host.LINUX, Host.named("Linux"));
    assertEquals(Host.MACOS, Host.named("Mac OS X"));
    assertEquals(Host.FREEBSD, Host.named("FreeBSD"));
    assertEquals(Host.OTHER, Host.named("Windows 11"));
  }

  @Test
  void statOfMacIsThatOfItsHeader() {
    assertEquals(144, MacStatAbi.STAT.byteSize());
    assertEquals(4, offset(MacStatAbi.STAT, "st_mode"));
    assertEquals(8, offset(MacStatAbi.STAT, "st_ino"));
    assertEquals(48, offset(MacStatAbi.STAT, "st_mtime_sec"));
    assertEquals(96, offset(MacStatAbi.STAT, "st_size"));
    assertEquals(112, offset(MacStatAbi.STAT, "st_blksize"));
  }

  @Test
  void statOfFreeBsdIsThatOfItsHeader() {
    assertEquals(224, FreeBsdStatAbi.STAT.byteSize());
    assertEquals(8, offset(FreeBsdStatAbi.STAT, "st_ino"));
    assertEquals(24, offset(FreeBsdStatAbi.STAT, "st_mode"));
    assertEquals(64, offset(FreeBsdStatAbi.STAT, "st_mtime_sec"));
    assertEquals(112, offset(FreeBsdStatAbi.STAT, "st_size"));
    assertEquals(128, offset(FreeBsdStatAbi.STAT, "st_blksize"));
  }

  @Test
  void addressesOfTheBsdFamilyBeginWithTheirLength() throws Exception {
    for (Host host : new Host[] {Host.MACOS, Host.FREEBSD}) {
      HostSocketAbi abi = new HostSocketAbi(host);
      assertAddress(abi, inet("127.0.0.1"), SocketAbi.AF_INET, 16, 2);
      int six = host == Host.MACOS ? 30 : 28;
      assertAddress(abi, inet("::1"), SocketAbi.AF_INET6, 28, six);
      assertAddress(abi, UnixDomainSocketAddress.of("/tmp/x"), SocketAbi.AF_UNIX, 9, 1);
      SocketAddress longest = UnixDomainSocketAddress.of("/" + "x".repeat(102));
      assertAddress(abi, longest, SocketAbi.AF_UNIX, 106, 1);
      SocketAddress tooLong = UnixDomainSocketAddress.of("/" + "x".repeat(103));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment storage = arena.allocate(SocketAbi.SOCKADDR_BYTES, 8);
        assertThrows(
            IllegalArgumentException.class,
            () -> abi.encode(storage, tooLong, SocketAbi.AF_UNIX));
      }
    }
  }

  private static InetSocketAddress inet(String literal) {
    return new InetSocketAddress(InetAddress.ofLiteral(literal), 4711);
  }

  private static void assertAddress(
      HostSocketAbi abi, SocketAddress address, int family, int length, int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment storage = arena.allocate(SocketAbi.SOCKADDR_BYTES, 8);
      assertEquals(length, abi.encode(storage, address, family));
      assertEquals(length, storage.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(number, storage.get(ValueLayout.JAVA_BYTE, 1));
      assertEquals(address, abi.decode(storage, length));
    }
  }

  @Test
  void messagesOfTheBsdFamilyHaveShorterMembers() {
    HostSocketAbi abi = new HostSocketAbi(Host.FREEBSD);
    assertEquals(48, abi.message().byteSize());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(abi.message());
      MemorySegment vectors = arena.allocate(IovecAbi.IOVEC, 3);
      abi.setMessage(message, MemorySegment.NULL, 0, vectors, 3);
      assertEquals(vectors.address(), message.get(ValueLayout.JAVA_LONG, 16));
      assertEquals(3, message.get(ValueLayout.JAVA_LONG, 24), "the number and its padding");
      message.set(ValueLayout.JAVA_INT, 44, 0x10);
      assertTrue(abi.isTruncated(message));
    }
  }

  private static long offset(StructLayout layout, String name) {
    return layout.byteOffset(PathElement.groupElement(name));
  }
}
