package dev.iobus.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.PollAbi;
import dev.iobus.posix.SocketAbi;
import dev.iobus.posix.StatxAbi;
import dev.iobus.posix.TimespecAbi;
import java.io.IOException;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compares sizes, offsets and numbers with what the C compiler says of this host's headers.
class UringAbiTest {

  private static final String[] NEWER_STATX = {
    "stx_dio_mem_align",
    "stx_dio_offset_align",
    "stx_subvol",
    "stx_atomic_write_unit_min",
    "stx_atomic_write_unit_max",
    "stx_atomic_write_segments_max",
  };

  private static final String[] NEWER_NUMBERS = {
    "IORING_SETUP_NO_SQARRAY",
    "IORING_OP_FTRUNCATE",
    "IORING_FEAT_MIN_TIMEOUT",
    "IORING_OP_BIND",
    "IORING_OP_LISTEN",
    "IOU_PBUF_RING_INC",
    "IORING_REGISTER_CLONE_BUFFERS",
    "IORING_REGISTER_DST_REPLACE",
    "IORING_OP_READV_FIXED",
    "IORING_OP_WRITEV_FIXED",
    "RWF_ATOMIC",
    "RWF_DONTCACHE",
    "PROBE_OPS_MAX",
  };

  @TempDir Path directory;

  private final Map<String, Long> expected = new LinkedHashMap<>();

  @Test
  void sizesAreThoseOfTheHeader() {
    assertEquals(64, UringAbi.SQE.byteSize());
    assertEquals(16, UringAbi.CQE.byteSize());
    assertEquals(120, UringAbi.PARAMS.byteSize());
    assertEquals(32, UringAbi.CLONE_BUFFERS.byteSize());
    assertEquals(12, offset(UringAbi.CLONE_BUFFERS, "dst_off"));
    assertEquals(256, StatxAbi.STATX.byteSize());
    assertEquals(0xa8, offset(StatxAbi.STATX, "stx_atomic_write_unit_min"));
    assertEquals(0xb0, offset(StatxAbi.STATX, "stx_atomic_write_segments_max"));
    assertEquals(32, FcntlAbi.FLOCK.byteSize());
    assertEquals(16 + 256 * 8, UringAbi.PROBE.byteSize());
  }

  @Test
  void layoutsAndNumbersAreThoseOfTheCompiler() throws Exception {
    struct("struct io_uring_sqe", UringAbi.SQE, "u1", "file_index", "addr3", "__pad2");
    expected.put("offsetof(struct io_uring_sqe, off)", 8L);
    expected.put("offsetof(struct io_uring_sqe, file_index)", offset(UringAbi.SQE, "file_index"));
    struct("struct io_uring_cqe", UringAbi.CQE);
    struct("struct io_uring_params", UringAbi.PARAMS);
    struct("struct io_sqring_offsets", UringAbi.SQ_OFFSETS, "user_addr");
    struct("struct io_cqring_offsets", UringAbi.CQ_OFFSETS, "user_addr");
    struct("struct io_uring_rsrc_register", UringAbi.RSRC_REGISTER);
    struct("struct io_uring_rsrc_update", UringAbi.RSRC_UPDATE);
    struct("struct io_uring_rsrc_update2", UringAbi.RSRC_UPDATE2);
    struct("struct io_uring_probe_op", UringAbi.PROBE_OP);
    struct("struct io_uring_getevents_arg", UringAbi.GETEVENTS_ARG, "min_wait_usec");
    struct("struct __kernel_timespec", UringAbi.TIMESPEC);
    struct("struct iovec", UringAbi.IOVEC);
    struct("struct pollfd", PollAbi.POLLFD);
    struct("struct statx", StatxAbi.STATX, NEWER_STATX);
    struct("struct flock", FcntlAbi.FLOCK);
    struct("struct io_uring_buf", UringAbi.BUF);
    struct("struct io_uring_buf_reg", UringAbi.BUF_REG, "flags", "resv2");
    struct("struct msghdr", SocketAbi.MSGHDR);
    struct("struct timespec", TimespecAbi.TIMESPEC);
    constants(UringAbi.class, NEWER_NUMBERS);
    constants(FcntlAbi.class);
    constants(
        SocketAbi.class, "SOCKADDR_BYTES", "UNIX_PATH_MAX", "SUN_PATH", "SIN_ADDR", "SIN6_ADDR");
    expected.put("sizeof(struct sockaddr_storage)", (long) SocketAbi.SOCKADDR_BYTES);
    expected.put("offsetof(struct sockaddr_un, sun_path)", 2L);
    expected.put("offsetof(struct sockaddr_in, sin_addr)", 4L);
    expected.put("offsetof(struct sockaddr_in6, sin6_addr)", 8L);
    expected.put("offsetof(struct sockaddr_in6, sin6_scope_id)", 24L);
    expected.put(
        "sizeof(((struct sockaddr_un *) 0)->sun_path) - 1", (long) SocketAbi.UNIX_PATH_MAX);
    constants(PollAbi.class);
    compare();
  }

  private void struct(String type, StructLayout layout, String... newerThanHeader) {
    expected.put("sizeof(" + type + ")", layout.byteSize());
    for (MemoryLayout member : layout.memberLayouts()) {
      String name = member.name().orElse("");
      if (!name.isEmpty() && !List.of(newerThanHeader).contains(name)) {
        expected.put("offsetof(" + type + ", " + name + ")", offset(layout, name));
      }
    }
  }

  private static long offset(StructLayout layout, String name) {
    return layout.byteOffset(PathElement.groupElement(name));
  }

  private void constants(Class<?> abi, String... newerThanHeader) throws Exception {
    for (var field : abi.getDeclaredFields()) {
      boolean number = field.getType().isPrimitive() && field.getType() != boolean.class;
      boolean skipped = List.of(newerThanHeader).contains(field.getName());
      if (number && !skipped) {
        field.setAccessible(true);
        expected.put(field.getName(), ((Number) field.get(null)).longValue());
      }
    }
  }

  private void compare() throws IOException, InterruptedException {
    StringBuilder source =
        new StringBuilder(
            """
            #define _GNU_SOURCE
            #include <stddef.h>
            #include <stdio.h>
            #include <fcntl.h>
            #include <poll.h>
            #include <time.h>
            #include <netinet/in.h>
            #include <netinet/tcp.h>
            #include <sys/socket.h>
            #include <sys/stat.h>
            #include <sys/uio.h>
            #include <sys/un.h>
            #include <linux/io_uring.h>
            int main(void) {
            """);
    expected.forEach(
        (expression, value) ->
            source.append("printf(\"%lld\\n\", (long long) (").append(expression).append("));\n"));
    source.append("return 0; }\n");
    Path file = Files.writeString(directory.resolve("abi.c"), source);
    Path program = directory.resolve("abi");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder("gcc", "-o", program.toString(), file.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      Assumptions.abort("no C compiler: " + e.getMessage());
      return;
    }
    String errors = new String(gcc.getInputStream().readAllBytes());
    assertEquals(0, gcc.waitFor(), errors);
    Process run = new ProcessBuilder(program.toString()).start();
    var lines = new String(run.getInputStream().readAllBytes()).lines().iterator();
    assertEquals(0, run.waitFor());
    expected.forEach(
        (expression, value) ->
            assertEquals(Long.parseLong(lines.next()), value.longValue(), expression));
  }
}
