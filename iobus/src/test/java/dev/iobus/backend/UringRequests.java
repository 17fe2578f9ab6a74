package dev.iobus.backend;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.uring.UringSyscalls;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;

/// What tests of this package do with the backend of io_uring.
abstract class UringRequests {

  static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;

  final Map<Long, Integer> results = new HashMap<>();
  final List<Long> order = new ArrayList<>();

  void keep(long userData, int result, int flags) {
    assertEquals(null, results.put(userData, result), "completed twice: " + userData);
    order.add(userData);
  }

  static UringBackend open(boolean shared, int capacity) {
    try {
      return UringBackend.open(shared, capacity, 16, UringSyscalls::kernel);
    } catch (UringUnavailableException e) {
      Assumptions.abort(e.getMessage());
      throw new AssertionError(e);
    }
  }

  static Request request(Op op, long userData) {
    Request request = new Request();
    request.op = op;
    request.userData = userData;
    return request;
  }

  static Request transfer(
      Op op, long userData, int file, MemorySegment buffer, long offset) {
    Request request = request(op, userData);
    request.file = file;
    request.buffer = buffer;
    request.length = (int) buffer.byteSize();
    request.offset = offset;
    return request;
  }

  int run(UringBackend backend, Request request) {
    results.remove(request.userData);
    backend.prepare(request);
    assertEquals(0, backend.submit());
    int passed = backend.await(1, 10 * SECOND, this::keep);
    assertEquals(1, passed);
    return requireNonNull(results.get(request.userData));
  }

  int openFile(UringBackend backend, Path path, int bits) {
    Request open = request(Op.OPEN, 0);
    open.path = path;
    open.openBits = bits;
    return run(backend, open);
  }
}
