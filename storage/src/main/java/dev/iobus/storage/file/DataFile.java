package dev.iobus.storage.file;

import dev.iobus.BusException;
import dev.iobus.BusFile;
import dev.iobus.OpenFile;
import dev.iobus.RegisteredFile;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One open file of a [DataDirectory]: positional reads and writes that finish whole, and syncs.
///
/// A failed sync, or a failed write that asked for durability, is final: the kernel may have
/// dropped the bytes and call the next sync a success (fsync(2), "Errors"). The file keeps the
/// first such failure and refuses writes and syncs from then on; reads go on.
///
/// Transfers need native memory that every thread may access (a shared or the global arena).
/// Thread-safe. [#close()] waits for the calls that run; after it every call is an
/// [IllegalStateException].
public final class DataFile implements AutoCloseable {

  /// Set in [#uses] once the file is closing; the lower bits count running calls.
  private static final int CLOSING = 1 << 30;

  private final SharedBus bus;
  private final String name;
  private final OpenFile open;
  private final DirectoryClaims claims;
  private final @Nullable RegisteredFile registered;

  private final AtomicInteger uses = new AtomicInteger();
  private final Scheduler.Lock closeLock;
  private final Scheduler.Condition unused;

  private volatile @Nullable IOException syncFailure;

  DataFile(SharedBus bus, String name, OpenFile open, DirectoryClaims claims) {
    this.bus = bus;
    this.name = name;
    this.open = open;
    this.claims = claims;
    this.closeLock = bus.scheduler().newLock();
    this.unused = closeLock.newCondition();
    this.registered = register(bus, open);
  }

  /// A slot saves the kernel a look-up per transfer; without one the descriptor does.
  private static @Nullable RegisteredFile register(SharedBus bus, OpenFile open) {
    try {
      return bus.register(open);
    } catch (IOException | IllegalStateException noSlot) {
      return null;
    }
  }

  /// The name within the directory.
  public String name() {
    return name;
  }

  /// Makes the caller the only one in its directory who writes a file with that id, whatever the
  /// file's name is by then.
  ///
  /// @param kind what the file is to its owner: `page file`
  /// @param fileId the random id in the file's header
  /// @throws IllegalStateException when it has an owner, or the directory is closed
  public Claim claim(String kind, long fileId) {
    return claims.claim(kind + " of id " + fileId, kind + " " + name);
  }

  /// The whole path, for messages.
  public String path() {
    return open.path();
  }

  /// For batches on the bus: the registered slot where there is one, else the open file. Whoever
  /// uses it ends its transfers before [#close()].
  public BusFile file() {
    RegisteredFile slot = registered;
    return slot != null ? slot : open;
  }

  /// An arena for memory of transfers of this file, [SharedBus#newArena()].
  public Arena newArena() {
    return bus.newArena();
  }

  /// Whether transfers go past the page cache and must be aligned.
  public boolean isDirect() {
    return open.isDirect();
  }

  /// Length in bytes.
  public long size() throws IOException {
    enter();
    try {
      return bus.stat(open).size();
    } finally {
      leave();
    }
  }

  /// Fills `into` from `offset` on. Returns the bytes read: less than asked only at the end of the
  /// file.
  public long readFully(MemorySegment into, long offset) throws IOException {
    enter();
    try {
      return bus.readFully(file(), into, offset);
    } finally {
      leave();
    }
  }

  /// Writes all of `from` at `offset`. A failure leaves the bytes of that range unknown; with
  /// [WriteFlag#DSYNC] it is final.
  public void writeFully(MemorySegment from, long offset, WriteFlag flag) throws IOException {
    enter();
    try {
      requireSyncable("write");
      bus.writeFully(file(), from, offset, flag);
    } catch (BusException e) {
      if (flag == WriteFlag.DSYNC) {
        keep(e);
      }
      throw e;
    } finally {
      leave();
    }
  }

  /// Writes all of `from` at `offset` and makes content durable: as [#writeFully] and then
  /// [#dataSync()], in one step where the host can do it. Any failure is final.
  public void writeAndDataSync(MemorySegment from, long offset) throws IOException {
    enter();
    try {
      requireSyncable("write");
      bus.writeAndDataSync(file(), from, offset);
    } catch (BusException e) {
      keep(e);
      throw e;
    } finally {
      leave();
    }
  }

  /// Makes content and metadata durable (fsync).
  public void sync() throws IOException {
    enter();
    try {
      requireSyncable("fsync");
      bus.sync(file());
    } catch (BusException e) {
      keep(e);
      throw e;
    } finally {
      leave();
    }
  }

  /// Makes content, and what is needed to read it, durable (fdatasync).
  public void dataSync() throws IOException {
    enter();
    try {
      requireSyncable("fdatasync");
      bus.dataSync(file());
    } catch (BusException e) {
      keep(e);
      throw e;
    } finally {
      leave();
    }
  }

  /// Cuts or extends the file to `length` bytes.
  public void truncate(long length) throws IOException {
    enter();
    try {
      requireSyncable("truncate");
      bus.truncate(open, length);
    } finally {
      leave();
    }
  }

  /// Waits for running calls, then closes; the second call does nothing.
  @Override
  public void close() throws IOException {
    int before = uses.getAndUpdate(n -> n | CLOSING);
    if ((before & CLOSING) != 0) {
      return;
    }
    closeLock.lock();
    try {
      while (uses.get() != CLOSING) {
        unused.await();
      }
    } finally {
      closeLock.unlock();
    }
    RegisteredFile slot = registered;
    if (slot != null) {
      bus.unregister(slot);
    }
    bus.close(open);
  }

  private void enter() {
    int before = uses.getAndIncrement();
    if ((before & CLOSING) != 0) {
      leave();
      throw new IllegalStateException("file " + path() + " is closed");
    }
  }

  private void leave() {
    if (uses.decrementAndGet() == CLOSING) {
      closeLock.lock();
      try {
        unused.signalAll();
      } finally {
        closeLock.unlock();
      }
    }
  }

  /// Refuses what must not be done after a sync of this file has failed. For those who read and
  /// write it past this object, by [#file()].
  ///
  /// @param operation what was to be done, for the message
  /// @throws IOException when one has failed, with that failure as cause
  public void requireSyncable(String operation) throws IOException {
    IOException failure = syncFailure;
    if (failure != null) {
      throw new IOException(
          operation + " " + path() + ": an earlier sync of this file failed", failure);
    }
  }

  private void keep(IOException failure) {
    if (syncFailure == null) {
      syncFailure = failure;
    }
  }

  @Override
  public String toString() {
    return "DataFile[" + path() + ((uses.get() & CLOSING) != 0 ? ", closed]" : "]");
  }
}
