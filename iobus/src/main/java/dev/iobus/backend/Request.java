package dev.iobus.backend;

import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One operation on its way to a backend: a plain struct, owned by its caller, reused.
///
/// From [Backend#prepare] until its completion the backend may read every field and write to
/// [#buffer], [#status] and [#scratch]; the owner touches nothing and keeps the object reachable.
public final class Request {

  public Op op = Op.NOP;
  /// What the completion carries. Lower half: a number below the backend's capacity, which no other
  /// request between prepare and last completion has; in [RequestQueue#preparePlain] with a bit
  /// beside it. Upper half: another one at each use.
  public long userData;
  public Link link = Link.NONE;

  /// Descriptor, or slot of the registered file if [#fixedFile].
  public int file = -1;
  public boolean fixedFile;

  /// READ, WRITE, SEND, RECV: native memory of at least [#length] bytes, if no [#vectors]; for READ
  /// and WRITE from [#bufferOffset] on.
  public MemorySegment buffer = MemorySegment.NULL;
  /// READ, WRITE: where in [#buffer] the transfer begins.
  public long bufferOffset;
  /// READ, WRITE, SEND_MESSAGE, RECV_MESSAGE: parts of native memory, [#length] bytes in all, in
  /// place of [#buffer].
  public final Vectors vectors = new Vectors();
  /// READ, WRITE: index of the registered buffer that holds the memory, or −1.
  public int bufferIndex = -1;
  /// READ, WRITE and ranges: position in the file. TRUNCATE: new length. CANCEL: user data of the
  /// target.
  public long offset;
  /// SYNC_RANGE, ALLOCATE, ADVISE: bytes; 0, but for ALLOCATE, for all to the end of the file.
  public long rangeLength;
  /// ADVISE: a number `POSIX_FADV_…` of Linux.
  public int advice;
  /// READ, WRITE: bytes.
  public int length;
  /// WRITE: whether the bytes must be on stable storage at completion.
  public boolean dsync;
  /// WRITE: whether the page cache shall keep no copy of the bytes.
  public boolean dontCache;
  /// WRITE: whether the device must store all of the bytes or none of them.
  public boolean atomic;

  /// OPEN, UNLINK, CREATE_DIRECTORY, RENAME (source), LINK (what exists).
  public @Nullable Path path;
  /// RENAME, LINK: target.
  public @Nullable Path target;
  /// OPEN: a set of [OpenBits].
  public int openBits;

  /// SOCKET: a number of [SocketFamily]; the family of the socket for CONNECT, BIND, SEND_MESSAGE.
  public int family;
  /// SOCKET: whether for datagrams. LISTEN: the length of the queue, in [#length].
  public boolean datagram;
  /// CONNECT, BIND: where to. SEND_MESSAGE: the receiver, or null on a connected socket. Filled by
  /// the backend: ACCEPT: the peer, if it is known. RECV_MESSAGE: the sender.
  public @Nullable SocketAddress address;
  /// POLL: what to wait for, a set of [PollBits]. SHUTDOWN: 0 for input, 1 for output, 2 for both.
  public int mask;
  /// ACCEPT, RECV, POLL: whether to complete again and again; only where [Backend#repeats].
  public boolean multishot;
  /// SEND, SEND_MESSAGE: whether the kernel sends from the memory itself, and tells when it is done
  /// with it.
  public boolean zeroCopy;
  /// SEND: whether to go on until everything is sent. RECV: until the memory is full.
  public boolean whole;
  /// READ, RECV: the pool whose buffer is used in place of [#buffer], or −1.
  public int pool = -1;
  /// The number of a buffer that the backend has taken from the pool, or −1. The backend's own.
  int poolBuffer = -1;
  /// TIMEOUT: how long, in nanoseconds. Others: after how long to cancel it; 0 for never. Counted
  /// from when it begins, behind others of its run, unless [#hasDeadline].
  public long timeoutNanos;
  /// Whether that time is over at [#deadlineNanos], whenever the request begins.
  public boolean hasDeadline;
  /// A point on the clock of [Backend#nanoTime()].
  public long deadlineNanos;
  /// RECV_MESSAGE: filled by the backend: whether the datagram was longer than the memory.
  public boolean truncated;

  /// STAT: filled by the backend before it completes the request.
  public final Status status = new Status();

  /// What the backend must keep reachable or remember until the completion.
  public @Nullable Object scratch;

  /// The answer to STAT; the meaning of each field is that of `dev.iobus.FileStatus`.
  public static final class Status {
    public long size;
    /// Kind and permissions, a set of [ModeBits].
    public int mode;
    /// Whether the permissions in [#mode] are known.
    public boolean permitted;
    public long modifiedSeconds;
    /// Negative where the time is not known.
    public int modifiedNanos;
    public long allocated;
    public int directMemoryAlignment;
    public int directOffsetAlignment;
    public int atomicWriteMin;
    public int atomicWriteMax;
    public int atomicWriteParts;
    public int blockSize;
    public long device;
    public long inode;
  }

  /// As [#clear()], of a request with nothing but a file, [#buffer], [#offset], [#length] and what
  /// WRITE says of its bytes.
  // That very object, which it has mostly.
  @SuppressWarnings({"ReferenceEquality", "MemorySegmentReferenceEquality"})
  public void clearTransfer() {
    if (buffer != MemorySegment.NULL) {
      buffer = MemorySegment.NULL;
    }
    if (scratch != null) {
      scratch = null;
    }
    file = -1;
    offset = 0;
    length = 0;
    dsync = false;
    dontCache = false;
    atomic = false;
  }

  /// Lets go of what a finished request kept reachable, and of what the next one may not set.
  /// References that are as they should be are not stored again: a store costs the collector's
  /// barrier.
  public void clear() {
    file = -1;
    fixedFile = false;
    if (buffer.byteSize() > 0) {
      buffer = MemorySegment.NULL;
    }
    if (!vectors.isEmpty()) {
      vectors.clear();
    }
    bufferOffset = 0;
    bufferIndex = -1;
    rangeLength = 0;
    advice = 0;
    if (path != null) {
      path = null;
    }
    if (target != null) {
      target = null;
    }
    if (scratch != null) {
      scratch = null;
    }
    if (link != Link.NONE) {
      link = Link.NONE;
    }
    dsync = false;
    dontCache = false;
    atomic = false;
    if (address != null) {
      address = null;
    }
    mask = 0;
    multishot = false;
    zeroCopy = false;
    whole = false;
    pool = -1;
    timeoutNanos = 0;
    hasDeadline = false;
    truncated = false;
  }
}
