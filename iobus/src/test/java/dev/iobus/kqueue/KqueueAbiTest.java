package dev.iobus.kqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.posix.Host;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Sizes, offsets and numbers of `sys/event.h`, as the headers of xnu (`bsd/sys/event.h`), FreeBSD
/// (`sys/sys/event.h`) and libkqueue (`include/sys/event.h`) have them.
final class KqueueAbiTest {

  private static final List<String> MEMBERS =
      List.of("ident", "filter", "flags", "fflags", "data", "udata");
  private static final List<Long> OFFSETS = List.of(0L, 8L, 10L, 12L, 16L, 24L);

  @Test
  void sizesAreThoseOfThePlatforms() {
    assertEquals(32, KqueueAbi.kevent(Host.MACOS).byteSize());
    assertEquals(64, KqueueAbi.kevent(Host.FREEBSD).byteSize());
    assertEquals(32, KqueueAbi.kevent(Host.LINUX).byteSize(), "libkqueue");
    assertEquals(16, KqueueAbi.TIMESPEC.byteSize());
  }

  @Test
  void membersAreAtTheSamePlacesEverywhere() {
    for (Host host : List.of(Host.MACOS, Host.FREEBSD, Host.LINUX)) {
      for (int i = 0; i < MEMBERS.size(); i++) {
        assertEquals(OFFSETS.get(i), offset(KqueueAbi.kevent(host), MEMBERS.get(i)));
      }
    }
    assertEquals(32, offset(KqueueAbi.KEVENT_FREEBSD, "ext"));
    assertEquals(8, offset(KqueueAbi.TIMESPEC, "tv_nsec"));
  }

  @Test
  void numbersAreThoseOfThePlatforms() {
    assertEquals(-10, KqueueAbi.evfiltUser(Host.MACOS));
    assertEquals(-11, KqueueAbi.evfiltUser(Host.FREEBSD));
    assertEquals(-11, KqueueAbi.evfiltUser(Host.LINUX), "libkqueue");
    assertEquals(-1, KqueueAbi.EVFILT_READ);
    assertEquals(-2, KqueueAbi.EVFILT_WRITE);
    assertEquals(0x01000000, KqueueAbi.NOTE_TRIGGER);
    assertEquals(0x8000, KqueueAbi.EV_EOF & 0xffff);
  }

  private static long offset(StructLayout layout, String name) {
    return layout.byteOffset(PathElement.groupElement(name));
  }
}
