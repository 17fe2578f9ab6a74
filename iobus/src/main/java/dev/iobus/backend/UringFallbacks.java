package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.uring.RingTables;
import dev.iobus.uring.UringFeatures;
import java.util.ArrayList;
import java.util.List;

/// What a ring does another way because the kernel lacks or refuses the better one, in words: what
/// is missing, the release that has it (`io_uring_setup(2)`, `io_uring_enter(2)`), and what is done
/// in its place. Confined to the thread that collects them.
final class UringFallbacks {

  private final UringFeatures features;
  private final List<String> found = new ArrayList<>();

  private UringFallbacks(UringFeatures features) {
    this.features = features;
  }

  /// @param shared whether several threads use the ring, so that what binds it to one is not missed
  /// @param multishotPoll whether one poll reports every wake-up
  /// @param bufferRings false once the kernel has refused rings of provided buffers
  static List<String> of(
      UringFeatures features,
      RingTables tables,
      boolean shared,
      boolean multishotPoll,
      boolean bufferRings) {
    UringFallbacks all = new UringFallbacks(features);
    all.ofSetup(shared);
    all.ofTables(tables, shared);
    all.add(multishotPoll, "multishot polls (5.13)", "polls are submitted anew for each result");
    all.add(
        bufferRings,
        "rings of provided buffers (5.19)",
        "a receive takes its buffer when it is submitted");
    all.ofOperations();
    return List.copyOf(all.found);
  }

  private void ofSetup(boolean shared) {
    if (!shared) {
      add(
          features.granted(IORING_SETUP_SINGLE_ISSUER),
          "SINGLE_ISSUER (6.0)",
          "the kernel locks the ring at each call");
      add(
          features.granted(IORING_SETUP_DEFER_TASKRUN),
          "DEFER_TASKRUN (6.1)",
          "completions interrupt the thread that submitted");
      add(
          features.registeredRing(),
          "registered rings (5.18)",
          "the ring's descriptor is looked up at each call");
    }
    add(
        features.granted(IORING_SETUP_SUBMIT_ALL),
        "SUBMIT_ALL (5.18)",
        "what stands behind a request that the kernel refuses is submitted once more");
    add(
        features.granted(IORING_SETUP_NO_SQARRAY),
        "NO_SQARRAY (6.6)",
        "the kernel finds each request through an array");
    add(
        features.waitsWithTimeout(),
        "EXT_ARG (5.11)",
        "a wait with a limit takes two system calls");
    add(
        shared || features.waitsForBatches(),
        "MIN_TIMEOUT (6.12)",
        "a wait for a batch that finds nothing takes two system calls");
  }

  private void ofTables(RingTables tables, boolean shared) {
    if (!features.updatesBuffers()) {
      add(false, "tables of buffers (5.13)", "registered buffers are used as plain memory");
    } else if (tables.bufferRefusal() < 0) {
      refused("the table of buffers", tables.bufferRefusal(), "they are used as plain memory");
    } else if (shared) {
      add(
          features.clonesBuffers(),
          "CLONE_BUFFERS (6.13)",
          "registered memory is locked once for each ring");
    }
    if (tables.fileRefusal() < 0) {
      refused("the table of files", tables.fileRefusal(), "none can be registered");
    }
  }

  private void ofOperations() {
    operation(IORING_OP_LINKAT, "LINKAT (5.15)", "made on the thread that submits");
    operation(IORING_OP_SOCKET, "SOCKET (5.19)", "made on the thread that submits");
    operation(IORING_OP_BIND, "BIND, LISTEN (6.11)", "made on the thread that submits");
    operation(IORING_OP_FTRUNCATE, "FTRUNCATE (6.9)", "made on the thread that submits");
    operation(IORING_OP_SEND_ZC, "SEND_ZC (6.0)", "the kernel copies what is sent");
    operation(IORING_OP_SENDMSG_ZC, "SENDMSG_ZC (6.1)", "the kernel copies messages of parts");
    operation(
        IORING_OP_READV_FIXED,
        "READV_FIXED (6.15)",
        "parts of a registered buffer are used as plain memory");
  }

  private void operation(int opcode, String name, String instead) {
    add(features.has(opcode), name, instead);
  }

  private void refused(String what, int answer, String instead) {
    found.add(what + " was refused with " + Errno.name(-answer) + ": " + instead);
  }

  private void add(boolean present, String name, String instead) {
    if (!present) {
      found.add("the kernel has no " + name + ": " + instead);
    }
  }
}
