package dev.iobus.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

final class NioErrnoTest {

  @Test
  void classesTellTheNumber() {
    assertEquals(-2, NioErrno.negated(new NoSuchFileException("f")));
    assertEquals(-17, NioErrno.negated(new FileAlreadyExistsException("f")));
    assertEquals(-13, NioErrno.negated(new AccessDeniedException("f")));
    assertEquals(-9, NioErrno.negated(new NonWritableChannelException()));
    assertEquals(-9, NioErrno.negated(new AsynchronousCloseException()));
    assertEquals(-12, NioErrno.negated(new OutOfMemoryError("direct memory")));
  }

  @Test
  void textsTellTheNumber() {
    assertEquals(-28, NioErrno.negated(new IOException("No space left on device")));
    assertEquals(-27, NioErrno.negated(new IOException("File too large")));
    assertEquals(
        -24, NioErrno.negated(new FileSystemException("f", null, "Too many open files")));
    assertEquals(-21, NioErrno.negated(new FileSystemException("f", null, "Is a directory")));
  }

  @Test
  void whatIsUnknownIsADeviceFailure() {
    assertEquals(-5, NioErrno.negated(new IOException("Input/output error")));
    assertEquals(-5, NioErrno.negated(new IOException("something new")));
    assertEquals(-5, NioErrno.negated(new IOException()));
    assertEquals(-5, NioErrno.negated(new FileSystemException("f")));
  }
}
