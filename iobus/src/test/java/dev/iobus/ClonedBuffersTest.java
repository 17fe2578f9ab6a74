package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.Backend;
import dev.iobus.posix.Errno;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import dev.iobus.uring.RefusingRegister;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Memory that the rings of a shared bus know together, and that is locked once.
final class ClonedBuffersTest extends OneSharedBus {

  private static final int RINGS = 3;
  private static final int BYTES = 12 * PAGE;

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @BeforeEach
  void needsClones() {
    Assumptions.assumeTrue(clones(bus), "the kernel clones no buffers");
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    return SharedBus.open(options.withRings(RINGS));
  }

  private SharedBus open(UringSyscalls kernel) throws IOException {
    return SharedBus.open(options().withRings(RINGS), () -> kernel);
  }

  private static boolean clones(SharedBus bus) {
    return bus.reason().contains(" CLONE_BUFFERS");
  }

  /// What the kernel counts as pinned by this process, whoever runs it, in bytes.
  private static long pinned() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      String line = lines.filter(l -> l.startsWith("VmPin:")).findFirst().orElseThrow();
      return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
    }
  }

  /// What one ring pins of it: more than its bytes where they lie in large pages.
  private long pinnedOnce(MemorySegment memory) throws IOException {
    try (SharedBus one = SharedBus.open(options().withRings(1))) {
      long before = pinned();
      assertTrue(one.register(memory).isRegistered());
      return pinned() - before;
    }
  }

  private Backend[] rings() {
    return bus.sharedRings().backends();
  }

  @Test
  void memoryIsLockedOnceForAllRings() throws Exception {
    RegisteredFile file = bus.register(openDirect(numbered("pages", 12)));
    MemorySegment memory = memory(BYTES);
    long once = pinnedOnce(memory);
    assertTrue(once >= BYTES, () -> once + " bytes");
    long before = pinned();
    for (int count = 1; count <= RINGS; count++) {
      RegisteredBuffer buffer = bus.register(memory, count);
      assertEquals(RINGS, buffer.rings());
      assertEquals(before + once, pinned());
      readOnEachRing(bus, file, buffer);
      bus.unregister(buffer);
      assertEquals(before, pinned());
    }
    for (int count : new int[] {-1, 0, RINGS + 1}) {
      assertThrows(IllegalArgumentException.class, () -> bus.register(memory, count));
    }
  }

  @Test
  void aKernelThatClonesNoneLocksItForEachRingThatMay() throws Exception {
    try (LimitedKernel kernel = new LimitedKernel(List.of(KernelFeature.CLONE_BUFFERS));
        SharedBus old = open(kernel)) {
      assertFalse(clones(old));
      String told = String.join("\n", old.fallbacks());
      assertTrue(told.contains("no CLONE_BUFFERS (6.13): registered memory is locked once for"), told);
      RegisteredFile file = old.register(openOn(old, numbered("pages", 12)));
      MemorySegment memory = memory(BYTES);
      long once = pinnedOnce(memory);
      long before = pinned();
      for (int count = 1; count <= RINGS; count++) {
        RegisteredBuffer buffer = old.register(memory, count);
        assertEquals(count, buffer.rings());
        assertEquals(before + count * once, pinned());
        readOnEachRing(old, file, buffer);
        old.unregister(buffer);
        assertEquals(before, pinned());
      }
    }
  }

  private static OpenFile openOn(SharedBus other, Path path) throws IOException {
    OpenFile file = openPastTheCache(other, path);
    assumeDirect(file);
    return file;
  }

  @Test
  void whichRingLetsGoLastUnlocksIt() throws IOException {
    MemorySegment memory = memory(BYTES);
    long once = pinnedOnce(memory);
    long before = pinned();
    int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int[] order : orders) {
      int first = rings()[0].registerBuffer(memory);
      int[] indices = {
        first, rings()[1].cloneBuffer(rings()[0], first), rings()[2].cloneBuffer(rings()[0], first)
      };
      for (int ring : order) {
        assertEquals(before + once, pinned());
        rings()[ring].unregisterBuffer(indices[ring]);
      }
      assertEquals(before, pinned());
    }
  }

  @Test
  void aBusThatClosesUnlocksIt() throws IOException {
    MemorySegment memory = memory(BYTES);
    long before = pinned();
    try (SharedBus other = open(options())) {
      other.register(memory);
      other.unregister(other.register(memory));
      other.register(memory);
      assertTrue(pinned() > before);
    }
    assertEquals(before, pinned());
  }

  /// The kernel makes the table of a ring anew for each clone, and some releases lose what stands
  /// behind it.
  @Test
  void aCloneStandsBehindWhatIsInUse() throws Exception {
    RegisteredFile file = bus.register(openDirect(numbered("pages", 12)));
    RegisteredBuffer first = bus.register(memory(BYTES));
    RegisteredBuffer second = bus.register(memory(BYTES));
    bus.unregister(first);
    RegisteredBuffer third = bus.register(memory(BYTES));
    assertArrayEquals(new int[] {1, 1, 1}, second.indices());
    assertArrayEquals(new int[] {0, 2, 2}, third.indices());
    readOnEachRing(bus, file, second);
    readOnEachRing(bus, file, third);
    bus.unregister(second);
    readOnEachRing(bus, file, third);
  }

  @Test
  void whereNoPlaceIsLeftBehindThemARingTakesOneBetween() throws Exception {
    RegisteredFile file = bus.register(openDirect(numbered("pages", 12)));
    List<RegisteredBuffer> all = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      all.add(bus.register(memory(BYTES)));
      assertTrue(all.getLast().isRegistered());
    }
    assertFalse(bus.register(memory(PAGE)).isRegistered());
    bus.unregister(all.get(7));
    RegisteredBuffer between = bus.register(memory(BYTES));
    assertArrayEquals(new int[] {7, 7, 7}, between.indices());
    readOnEachRing(bus, file, between);
    readOnEachRing(bus, file, all.getLast());
  }

  /// Such as a kernel that is short of memory.
  @Test
  void aRingThatIsRefusedACloneRegistersItself() throws Exception {
    AtomicBoolean refuses = new AtomicBoolean();
    try (SharedBus other =
        open(new RefusingRegister(RefusingRegister.CLONE, Errno.ENOMEM, refuses::get))) {
      assertTrue(clones(other));
      refuses.set(true);
      RegisteredFile file = other.register(openOn(other, numbered("pages", 12)));
      RegisteredBuffer buffer = other.register(memory(BYTES));
      assertEquals(RINGS, buffer.rings());
      readOnEachRing(other, file, buffer);
      assertArrayEquals(new int[] {1, 1, -1}, other.register(memory(BYTES), 2).indices());
    }
  }
}
