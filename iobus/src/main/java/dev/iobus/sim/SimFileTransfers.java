package dev.iobus.sim;

import dev.iobus.backend.Op;
import dev.iobus.posix.Errno;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Reads and writes of files, and what goes wrong with them silently. Confined to the holder of the
/// baton.
final class SimFileTransfers {

  private static final int BLOCK_BYTES = SimKernel.BLOCK_BYTES;

  private final SimDisk disk;
  private final SplittableRandom random;

  SimFileTransfers(SimDisk disk, SplittableRandom random) {
    this.disk = disk;
    this.random = random;
  }

  /// Why a transfer cannot be made: a negated error number, or 0.
  static int refusal(SimJob job, @Nullable SimOpenFile file) {
    boolean reads = job.op == Op.READ;
    if (file == null || (reads ? !file.reads() : !file.writes())) {
      return -Errno.EBADF;
    }
    if (!(file.node() instanceof SimFile)) {
      return -Errno.EISDIR;
    }
    if (job.request.atomic) {
      return -Errno.EOPNOTSUPP;
    }
    return !job.isAligned(file.alignment()) ? -Errno.EINVAL : 0;
  }

  /// Carries a transfer out.
  ///
  /// @param count how many bytes of the job's
  /// @param offset where in the file
  /// @param silent what goes wrong with it and is told to nobody, or null
  /// @param nowMillis the time, for the file
  int transfer(
      SimJob job, int count, long offset, Fault.@Nullable Kind silent, long nowMillis)
      throws SimErrno {
    SimOpenFile open = job.openFile();
    int refusal = refusal(job, open);
    if (refusal < 0 || open == null) {
      throw new SimErrno(refusal == 0 ? Errno.EBADF : -refusal);
    }
    SimFile file = (SimFile) open.node();
    if (job.op == Op.READ) {
      return read(job, open, file, count, offset, silent);
    }
    grow(file, offset + count);
    byte[] content = job.content();
    SimFile.Way way = SimFile.Way.CACHED;
    if (job.request.dsync) {
      way = SimFile.Way.DURABLE;
    } else if (open.isDirect()) {
      way = SimFile.Way.DIRECT;
    }
    if (silent == Fault.Kind.FLIPPED && count > 0) {
      content = content.clone();
      flip(content, count);
    } else if (silent != null) {
      way = SimFile.Way.LOST;
    }
    file.write(offset, content, 0, count, way);
    if (silent == Fault.Kind.MISDIRECTED) {
      file.damage(elsewhere(offset), content, count);
    } else if (silent == Fault.Kind.ASTRAY) {
      SimFile other = disk.otherThan(file);
      if (other != null) {
        other.damage(offset, content, count);
      }
    }
    file.modified(nowMillis);
    return count;
  }

  private int read(
      SimJob job,
      SimOpenFile open,
      SimFile file,
      int count,
      long offset,
      Fault.@Nullable Kind silent) {
    byte[] bytes = new byte[count];
    int got = file.read(offset, bytes, 0, count, open.isDirect());
    if (silent == Fault.Kind.STALE) {
      file.readStale(offset, bytes, 0, got);
    } else if (silent == Fault.Kind.MISDIRECTED) {
      bytes = new byte[count];
      file.read(elsewhere(offset), bytes, 0, got, true);
    } else if (silent == Fault.Kind.ASTRAY) {
      bytes = new byte[count];
      SimFile other = disk.otherThan(file);
      if (other != null) {
        other.read(offset, bytes, 0, got, true);
      }
    } else if (silent == Fault.Kind.FLIPPED && got > 0) {
      flip(bytes, got);
    }
    job.giveBack(bytes, got);
    return got;
  }

  private void flip(byte[] bytes, int count) {
    bytes[random.nextInt(count)] ^= (byte) (1 << random.nextInt(8));
  }

  /// Some blocks before or behind.
  private long elsewhere(long offset) {
    long distance = (1L + random.nextInt(4)) * BLOCK_BYTES;
    boolean before = offset >= distance && random.nextBoolean();
    return before ? offset - distance : offset + distance;
  }

  /// Makes sure that a file can become so long.
  ///
  /// @throws SimErrno when it cannot
  void grow(SimFile file, long end) throws SimErrno {
    if (end > SimFile.LENGTH_MAX) {
      throw new SimErrno(Errno.EFBIG);
    }
    if (end > file.length() && end - file.length() > disk.room()) {
      throw new SimErrno(Errno.ENOSPC);
    }
  }
}
