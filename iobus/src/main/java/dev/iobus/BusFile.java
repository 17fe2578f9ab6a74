package dev.iobus;

/// A file that a bus can read and write: by descriptor, or by a slot in the ring's own table.
///
/// Both cases are accepted wherever a file is asked for.
public sealed interface BusFile permits OpenFile, RegisteredFile {

  /// The path it was opened with, for messages.
  String path();

  /// Whether it was opened with [OpenFlag#DIRECT].
  boolean isDirect();
}
