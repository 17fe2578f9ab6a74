package dev.iobus;

/// What a bus can work on: an open file or socket by its descriptor, or by a slot in the ring's own
/// table.
///
/// All cases are accepted wherever a file is asked for.
public sealed interface BusFile permits OpenFile, OpenSocket, RegisteredFile {

  /// The path it was opened with, for messages.
  String path();

  /// Whether it was opened with [OpenFlag#DIRECT].
  boolean isDirect();

  /// The backend whose busses can use it.
  BackendKind backend();
}
