package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.uring.UringSetupException;

/// Finds out why the kernel refused a ring, from its answer and from what `/proc` says of this
/// host. Immutable.
///
/// @param uringDisabled the sysctl `kernel.io_uring_disabled`: `0`, `1`, `2`, or empty where the
///     kernel has none (before 6.6)
/// @param memlockBytes the soft limit on locked memory; −1 for unlimited or unknown
/// @param lockPrivilege whether the process has CAP_IPC_LOCK, which lifts that limit
record UringRefusal(String uringDisabled, long memlockBytes, boolean lockPrivilege) {

  /// @throws UringUnavailableException where no ring can be, or may not be asked for
  static void requireHost() throws UringUnavailableException {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux")) {
      throw new UringUnavailableException(0, true, "io_uring is a part of Linux; this is " + os);
    }
    if (!arch.equals("amd64") && !arch.equals("aarch64")) {
      throw new UringUnavailableException(
          0, true, "io_uring is used on amd64 and aarch64 only; this is " + arch);
    }
    Module module = UringBackend.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new UringUnavailableException(
          0,
          true,
          "no native access; start java with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
  }

  /// What holds for this process now.
  static UringRefusal ofThisProcess() {
    String disabled = ProcFile.read("/proc/sys/kernel/io_uring_disabled").strip();
    return new UringRefusal(disabled, LockedMemory.limitBytes(), LockedMemory.isPrivileged());
  }

  /// Whether rings of this process share a limited amount of locked memory.
  boolean limitsLockedMemory() {
    return memlockBytes > 0 && !lockPrivilege;
  }

  UringUnavailableException explain(UringSetupException refused) {
    int errno = refused.errno();
    String answer = refused.getMessage() + " answered " + Errno.name(errno) + ": ";
    return switch (errno) {
      case 0 ->
          unavailable(
              0, true, refused.getMessage() + ": the kernel is too old; 5.11 or newer has it");
      case Errno.ENOSYS ->
          unavailable(
              errno,
              true,
              answer
                  + "the kernel is older than 5.1, was built without CONFIG_IO_URING, or a seccomp"
                  + " filter hides it; use Linux 5.11 or newer and allow the io_uring system calls");
      case Errno.EPERM -> unavailable(errno, true, answer + permissionCause());
      case Errno.EINVAL ->
          unavailable(
              errno, true, answer + "the kernel refuses every known set-up; use Linux 5.11 or newer");
      case Errno.ENOMEM -> outOfMemory(answer);
      case Errno.EMFILE, Errno.ENFILE ->
          unavailable(errno, false, answer + "too many open files; raise the limit (ulimit -n)");
      default -> unavailable(errno, false, answer + Errno.text(errno));
    };
  }

  private String permissionCause() {
    return switch (uringDisabled) {
      case "2" ->
          "kernel.io_uring_disabled is 2, off for everybody;"
              + " an administrator can run: sysctl kernel.io_uring_disabled=0";
      case "1" ->
          "kernel.io_uring_disabled is 1, off but for CAP_SYS_ADMIN and the group in"
              + " kernel.io_uring_group; join it, or let an administrator run:"
              + " sysctl kernel.io_uring_disabled=0";
      default ->
          "a security filter refuses it, as the default seccomp profile of container runtimes"
              + " does; allow io_uring_setup, io_uring_enter and io_uring_register in the profile";
    };
  }

  /// The kernel charges ring memory to RLIMIT_MEMLOCK. A small limit is a setting of the host,
  /// which a reported fallback answers; without one, memory is short, and that must show.
  private UringUnavailableException outOfMemory(String answer) {
    if (memlockBytes < 0 || lockPrivilege) {
      return unavailable(Errno.ENOMEM, false, answer + "the kernel is out of memory");
    }
    return unavailable(
        Errno.ENOMEM,
        true,
        answer
            + "the limit on locked memory, RLIMIT_MEMLOCK, is "
            + memlockBytes
            + " bytes; raise memlock (ulimit -l) or choose the nio backend");
  }

  private static UringUnavailableException unavailable(
      int errno, boolean fallback, String message) {
    return new UringUnavailableException(errno, fallback, message);
  }
}
