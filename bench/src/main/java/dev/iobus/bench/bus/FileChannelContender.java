package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/// Does a job with the positional reads and writes of one [FileChannel], from as many threads as
/// the job is deep: what a Java program does without a bus.
final class FileChannelContender implements Contender {

  private final Blocks blocks;
  private final Workers.Kind kind;
  private final FileChannel channel;

  // What each worker has.
  private final ByteBuffer[] buffers;
  private final MemorySegment[] memory;
  /// Of the last run.
  private ServedThreads served;

  FileChannelContender(Blocks blocks, Workers.Kind kind) throws IOException {
    this.blocks = blocks;
    this.kind = kind;
    Job job = blocks.job();
    buffers = new ByteBuffer[job.depth()];
    memory = new MemorySegment[job.depth()];
    served = new ServedThreads(job.depth());
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = BlockFile.alignedBuffer(job.blockLength());
      memory[i] = MemorySegment.ofBuffer(buffers[i]);
    }
    channel =
        job.access().isWrite()
            ? blocks.file().open(job.caching(), StandardOpenOption.WRITE)
            : blocks.file().open(job.caching(), StandardOpenOption.READ);
  }

  @Override
  public String describe() {
    return "one channel, as many threads as the depth" + served.describe();
  }

  @Override
  public Outcome run(long nanos) throws Exception {
    served = new ServedThreads(buffers.length);
    Workers workers = new Workers(kind, buffers.length, Progress.none());
    return Outcome.here(workers.runFor("filechannel", nanos, this::step));
  }

  private long step(long index, Stopwatch stopwatch) throws Exception {
    int worker = (int) (index % buffers.length);
    int block = blocks.next();
    blocks.prepare(block, memory[worker], 0);
    int length;
    try {
      length = transfer(buffers[worker].clear(), blocks.offsetOf(block));
    } catch (IOException e) {
      throw blocks.failed(block, e);
    }
    stopwatch.stop();
    served.add(worker);
    blocks.check(block, length, memory[worker], 0);
    return length;
  }

  private int transfer(ByteBuffer buffer, long offset) throws IOException {
    return blocks.job().access().isWrite()
        ? channel.write(buffer, offset)
        : channel.read(buffer, offset);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
