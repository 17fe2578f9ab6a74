package dev.iobus.proof;

import java.util.List;

/// A decoder that is given bytes which nobody vouches for. It may refuse them with the exceptions
/// that say so, which a target catches itself; whatever else it throws is a finding.
///
/// An implementation has a public constructor without parameters, and for Jazzer a
/// `public static void fuzzerTestOneInput(byte[])` that does what [#run] does. It may keep files and
/// memory from run to run. Confined to one thread.
public interface FuzzTarget {

  /// Decodes some bytes, in full and in every way.
  ///
  /// @throws Exception a finding
  void run(byte[] input) throws Exception;

  /// Valid inputs to begin with.
  ///
  /// @throws Exception when they cannot be made
  List<byte[]> seeds() throws Exception;

  /// The most bytes on the heap of the calling thread that one run may take.
  default long heapBytesMax() {
    return 1 << 20;
  }
}
