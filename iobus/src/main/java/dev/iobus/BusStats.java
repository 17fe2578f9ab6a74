package dev.iobus;

import dev.iobus.uring.EnterCounts;
import dev.iobus.uring.RingCounts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a bus has done since it was opened. Immutable. Counts only rise; the difference of two
/// snapshots is what was done between them.
///
/// On a [SharedBus] the numbers of one snapshot are taken one after the other while others count
/// on. Calls that are made on the calling thread there (reads, durable writes and syncs of platform
/// threads, reads of cached bytes) are no requests and are not counted.
///
/// @param requests what was given to the backend, by the name of the operation as in
///     [Handle#operation()], where there was any; `readFully` and `writeFully` are counted by each
///     `read` and `write` that they take, `sync` and `dataSync` as `fsync` and `fdatasync`, those
///     with `Many` in their name without it
/// @param submissionSizes how many submissions had 2^i to 2^(i+1) − 1 requests, for each i up to
///     the largest that occurred
/// @param submitting system calls that submitted and did not wait; zeros where there is no ring
/// @param waiting system calls that waited, or brought results in, among them those that submitted
///     and waited in one; zeros where there is no ring
/// @param repeatedEnters system calls besides, that were refused and at once made again without a
///     look at the cause
/// @param workerPunts requests of the kinds that io_uring hands to a worker thread of the kernel
///     ("punts") whatever the state of the host, which costs some microseconds and the order of
///     completion: every `fsync`, `fdatasync`, `syncRange`, `allocate`, `truncate`, `rename`,
///     `unlink`, `link`, `createDirectory`, `stat` and `shutdown`, an `open` that creates or truncates,
///     and advice that reads or drops pages. At least so many are: what is handed over only because it
///     would block, such as buffered writes on most file systems, the kernel reports to tracing alone
///     (the event `io_uring_queue_async_work`). 0 where there is no ring.
/// @param shortTransfers reads and writes that moved fewer bytes than asked and were resumed by
///     the bus: of `readFully`, `writeFully` and [IoBatch], also those that then met the end of the
///     file
/// @param cancels operations that were asked to end early; a deadline that passes is none
/// @param poolExhaustions receives that ended because all buffers of their [BufferPool] were in use
/// @param overflows how often results had to wait in the kernel as the completion queue was full;
///     0 but for operations with many results. None is lost by that.
/// @param droppedResults results that the kernel has lost, having no memory for them (`koverflow`
///     of the completion queue). Anything but 0 is a failure of the host: an operation then never
///     ends.
public record BusStats(
    Map<String, Long> requests,
    List<Long> submissionSizes,
    Enters submitting,
    Enters waiting,
    long repeatedEnters,
    long workerPunts,
    long shortTransfers,
    long cancels,
    long poolExhaustions,
    long overflows,
    long droppedResults) {

  private static final Enters NONE = new Enters(0, 0, 0, 0);

  /// Takes copies of what can change.
  public BusStats {
    requests = Collections.unmodifiableMap(new LinkedHashMap<>(requests));
    submissionSizes = List.copyOf(submissionSizes);
  }

  /// System calls of one kind, io_uring_enter(2), and those among them that the kernel refused for
  /// a moment. The bus makes such a call again; nobody else notices.
  ///
  /// @param calls all of them
  /// @param interrupted that ended with EINTR, for a signal
  /// @param again that ended with EAGAIN, for want of memory in the kernel
  /// @param busy that ended with EBUSY, for want of room in the completion queue
  public record Enters(long calls, long interrupted, long again, long busy) {

    /// Calls that were refused and made again.
    public long retries() {
      return interrupted + again + busy;
    }

    private Enters plus(Enters other) {
      return new Enters(
          calls + other.calls,
          interrupted + other.interrupted,
          again + other.again,
          busy + other.busy);
    }

    private static Enters of(EnterCounts counts) {
      return new Enters(counts.calls(), counts.interrupted(), counts.again(), counts.busy());
    }
  }

  static BusStats of(BusCounts counts, @Nullable RingCounts ring) {
    return new BusStats(
        counts.requests(),
        counts.submissionSizes(),
        ring == null ? NONE : Enters.of(ring.submitting()),
        ring == null ? NONE : Enters.of(ring.waiting()),
        ring == null ? 0 : ring.repeated(),
        ring == null ? 0 : ring.punts(),
        counts.shortTransfers(),
        counts.cancels(),
        counts.poolExhaustions(),
        ring == null ? 0 : ring.overflows(),
        ring == null ? 0 : ring.dropped());
  }

  /// The sums of these and of others.
  BusStats plus(BusStats other) {
    Map<String, Long> allRequests = new LinkedHashMap<>(requests);
    other.requests.forEach((operation, count) -> allRequests.merge(operation, count, Long::sum));
    List<Long> allSizes = new ArrayList<>();
    for (int i = 0; i < Math.max(submissionSizes.size(), other.submissionSizes.size()); i++) {
      allSizes.add(at(submissionSizes, i) + at(other.submissionSizes, i));
    }
    return new BusStats(
        allRequests,
        allSizes,
        submitting.plus(other.submitting),
        waiting.plus(other.waiting),
        repeatedEnters + other.repeatedEnters,
        workerPunts + other.workerPunts,
        shortTransfers + other.shortTransfers,
        cancels + other.cancels,
        poolExhaustions + other.poolExhaustions,
        overflows + other.overflows,
        droppedResults + other.droppedResults);
  }

  private static long at(List<Long> sizes, int i) {
    return i < sizes.size() ? sizes.get(i) : 0;
  }

  /// All requests that were given to the backend.
  public long requestCount() {
    return requests.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Requests with the name of one operation, such as `read`.
  public long requests(String operation) {
    return requests.getOrDefault(operation, 0L);
  }

  /// Submissions of at least one request.
  public long submissionCount() {
    return submissionSizes.stream().mapToLong(Long::longValue).sum();
  }

  /// Requests a submission, on average; 0 when there was none.
  public double meanSubmissionSize() {
    long count = submissionCount();
    return count == 0 ? 0 : (double) requestCount() / count;
  }
}
