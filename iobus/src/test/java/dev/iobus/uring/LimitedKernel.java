package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/// The system calls of this kernel without some of its features, answered as a kernel answers that
/// never had them. Thread-safe.
public final class LimitedKernel implements OpenedKernel {

  private static final VarHandle FLAGS = field(PARAMS, "flags");
  private static final VarHandle FEATURES = field(PARAMS, "features");
  private static final VarHandle CQ_ENTRIES = field(PARAMS, "cq_entries");
  private static final VarHandle OP_FLAGS = field(PROBE_OP, "flags");
  private static final VarHandle MIN_WAIT = field(GETEVENTS_ARG, "min_wait_usec");
  private static final VarHandle REGISTER_FLAGS = field(RSRC_REGISTER, "flags");
  private static final VarHandle BUFFER_FLAGS = field(BUF_REG, "flags");
  private static final long OPS =
      PROBE.byteOffset(java.lang.foreign.MemoryLayout.PathElement.groupElement("ops"));

  /// No kernel knows these.
  private static final int UNKNOWN_OPCODE = 255;

  private static final int UNKNOWN_POLL_FLAG = 1 << 20;
  private static final int SMALL_RING = 8;

  private final UringSyscalls kernel = UringSyscalls.kernel();
  private final Set<KernelFeature> missing;
  private final RingViews views = new RingViews();
  private final int refusedSetupFlags;
  private final int hiddenFeatures;
  private final BitSet hiddenOpcodes = new BitSet();
  private final boolean changesEntries;

  public LimitedKernel(Collection<KernelFeature> missing) {
    this.missing =
        missing.isEmpty() ? EnumSet.noneOf(KernelFeature.class) : EnumSet.copyOf(missing);
    refusedSetupFlags = missing.stream().mapToInt(f -> f.setupFlag).reduce(0, (a, b) -> a | b);
    hiddenFeatures = missing.stream().mapToInt(f -> f.featureBit).reduce(0, (a, b) -> a | b);
    missing.forEach(feature -> feature.opcodes.forEach(hiddenOpcodes::set));
    changesEntries = lacks(KernelFeature.MULTISHOT_POLL) || !hiddenOpcodes.isEmpty();
  }

  private boolean lacks(KernelFeature feature) {
    return missing.contains(feature);
  }

  @Override
  public int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
    if (((int) FLAGS.get(params, 0L) & refusedSetupFlags) != 0) {
      return -Errno.EINVAL;
    }
    int asked = entries;
    if (lacks(KernelFeature.ROOM_FOR_ALL_RESULTS)) {
      asked = Math.min(entries, SMALL_RING);
      CQ_ENTRIES.set(params, 0L, asked);
    }
    int fd = kernel.io_uring_setup(errno, asked, params);
    if (fd >= 0) {
      FEATURES.set(params, 0L, (int) FEATURES.get(params, 0L) & ~hiddenFeatures);
      if (changesEntries) {
        views.add(fd, params);
      }
    }
    return fd;
  }

  @Override
  public int io_uring_enter(
      MemorySegment errno,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long argumentSize) {
    boolean extended = (flags & IORING_ENTER_EXT_ARG) != 0;
    boolean known =
        !(extended && lacks(KernelFeature.EXT_ARG))
            && !(extended && lacks(KernelFeature.MIN_TIMEOUT) && minWait(argument) != 0)
            && ((flags & IORING_ENTER_REGISTERED_RING) == 0 || !lacks(KernelFeature.RING_FD));
    if (!known) {
      return -Errno.EINVAL;
    }
    if (changesEntries && toSubmit > 0) {
      spoil(views.find(fd, flags), toSubmit);
    }
    return kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }

  @Override
  public int io_uring_register(
      MemorySegment errno, int fd, int opcode, MemorySegment argument, int count) {
    for (KernelFeature feature : missing) {
      if (feature.registrations.contains(opcode)) {
        return -feature.errno;
      }
    }
    boolean sparse =
        (opcode == IORING_REGISTER_FILES2 || opcode == IORING_REGISTER_BUFFERS2)
            && (int) REGISTER_FLAGS.get(argument, 0L) != 0;
    if (sparse && lacks(KernelFeature.SPARSE_TABLES)) {
      return -Errno.EINVAL;
    }
    boolean incremental =
        opcode == IORING_REGISTER_PBUF_RING
            && ((short) BUFFER_FLAGS.get(argument, 0L) & IOU_PBUF_RING_INC) != 0;
    if (incremental && lacks(KernelFeature.INCREMENTAL_BUFFERS)) {
      return -Errno.EINVAL;
    }
    int answer = kernel.io_uring_register(errno, fd, opcode, argument, count);
    if (opcode == IORING_REGISTER_PROBE && answer >= 0) {
      hiddenOpcodes.stream()
          .forEach(op -> OP_FLAGS.set(argument, OPS + op * PROBE_OP.byteSize(), (short) 0));
    }
    if (opcode == IORING_REGISTER_RING_FDS && answer == 1 && changesEntries) {
      views.addRegistration(argument);
    }
    return answer;
  }

  private static int minWait(MemorySegment argument) {
    return (int) MIN_WAIT.get(argument, 0L);
  }

  @Override
  public void close() {
    views.close();
  }

  /// Turns entries that an older kernel would not understand into such that this one does not.
  private void spoil(RingViews.View view, int count) {
    int head = view.head();
    for (int number = head; number != head + count; number++) {
      int opcode = view.opcode(number);
      boolean multishot =
          opcode == IORING_OP_POLL_ADD && (view.length(number) & IORING_POLL_ADD_MULTI) != 0;
      if (multishot && lacks(KernelFeature.MULTISHOT_POLL)) {
        view.setLength(number, UNKNOWN_POLL_FLAG);
      }
      if (hiddenOpcodes.get(opcode)) {
        view.setOpcode(number, UNKNOWN_OPCODE);
      }
    }
  }
}
