package dev.iobus;

final class NioFileOperationsTest extends FileOperationsContract {

  @Override
  BackendKind kind() {
    return BackendKind.NIO;
  }
}
