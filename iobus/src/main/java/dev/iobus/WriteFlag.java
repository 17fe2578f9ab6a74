package dev.iobus;

/// What one write asks for beyond writing.
public enum WriteFlag {
  /// Nothing more: the kernel takes the bytes.
  NONE,
  /// The write completes when its own bytes are on stable storage (`RWF_DSYNC`). It says nothing
  /// of other bytes that were written before.
  DSYNC
}
