package dev.iobus.backend;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One operation on its way to a backend: a plain struct, owned by its caller, reused.
///
/// From [Backend#prepare] until its completion the backend may read every field and write to
/// [#buffer], [#status] and [#scratch]; the owner touches nothing and keeps the object reachable.
public final class Request {

  public Op op = Op.NOP;
  public long userData;
  public Link link = Link.NONE;

  /// Descriptor, or slot of the registered file if [#fixedFile].
  public int file = -1;
  public boolean fixedFile;

  /// READ, WRITE: native memory of at least [#length] bytes.
  public MemorySegment buffer = MemorySegment.NULL;
  /// READ, WRITE: index of the registered buffer that holds [#buffer], or −1.
  public int bufferIndex = -1;
  /// READ, WRITE: position in the file. TRUNCATE: new length. CANCEL: user data of the target.
  public long offset;
  /// READ, WRITE: bytes.
  public int length;
  /// WRITE: whether the bytes must be on stable storage at completion.
  public boolean dsync;

  /// OPEN, UNLINK, RENAME (source).
  public @Nullable Path path;
  /// RENAME: target.
  public @Nullable Path target;
  /// OPEN: a set of [OpenBits].
  public int openBits;

  /// STAT: filled by the backend before it completes the request.
  public final Status status = new Status();

  /// What the backend must keep reachable or remember until the completion.
  public @Nullable Object scratch;

  /// The answer to STAT; the meaning of each field is that of `dev.iobus.FileStatus`.
  public static final class Status {
    public long size;
    public int directMemoryAlignment;
    public int directOffsetAlignment;
    public int blockSize;
    public long device;
    public long inode;
    public boolean directory;
  }

  /// Lets go of what a finished request kept reachable, and of what the next one may not set.
  public void clear() {
    file = -1;
    fixedFile = false;
    buffer = MemorySegment.NULL;
    bufferIndex = -1;
    path = null;
    target = null;
    scratch = null;
    link = Link.NONE;
    dsync = false;
  }
}
