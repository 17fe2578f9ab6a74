package dev.iobus.backend;

/// The runs of the NIO backend. Thread-safe.
final class NioRuns extends JobRuns<NioJob> {

  private final NioSelector selector;

  NioRuns(String name, int capacity, int threadsMax, CompletionSink completions) {
    super(newJobs(capacity), completions, name, threadsMax);
    selector =
        new NioSelector(name.replace("iobus-nio", "iobus-nio-selector"), capacity, this::ended);
  }

  private static NioJob[] newJobs(int count) {
    NioJob[] jobs = new NioJob[count];
    for (int i = 0; i < count; i++) {
      jobs[i] = new NioJob();
    }
    return jobs;
  }

  @Override
  NioSelector waits() {
    return selector;
  }

  @Override
  boolean blocks(NioJob job) {
    return switch (job.request().op) {
      case NOP, CANCEL, TIMEOUT, SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE,
          RECV_MESSAGE, SHUTDOWN, POLL ->
          false;
      case READ, WRITE -> !(job.file instanceof NioSocket);
      case CLOSE -> !job.closesSocket;
      default -> true;
    };
  }

  @Override
  void resolve(NioJob job) {
    if (job.resolvesLate) {
      job.resolvesLate = false;
      job.file = NioFiles.retain(job.request().file, true);
    }
  }

  @Override
  int callBlocking(NioJob job) {
    return NioCalls.call(job.request(), job.file);
  }

  @Override
  boolean mayWait(NioJob job) {
    return switch (job.request().op) {
      case TIMEOUT -> true;
      case CONNECT, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, POLL, READ, WRITE ->
          job.file instanceof NioSocket;
      default -> false;
    };
  }

  @Override
  int callAtOnce(NioJob job) {
    return NioSocketCalls.call(job.request(), job.file);
  }

  @Override
  void release(NioJob job) {
    NioDescription file = job.file;
    job.file = null;
    NioFiles.releaseQuietly(file);
  }

  /// Lets the workers and the selector thread end.
  ///
  /// @param abandon whether not to wait for the workers
  void close(boolean abandon) {
    stopWorkers(abandon);
    selector.close();
  }
}
