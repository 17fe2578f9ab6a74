package dev.iobus.proof;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The files of a directory that is whole, and what an [EditScript] makes of them. Filled by one
/// thread, then immutable.
public final class EditedFiles {

  private final List<String> names = new ArrayList<>();
  private final List<byte[]> contents = new ArrayList<>();

  /// Takes a file after the edit.
  @FunctionalInterface
  public interface Taker {
    void take(String name, byte[] bytes, boolean isEdited) throws IOException;
  }

  /// No files yet.
  public EditedFiles() {}

  /// Adds a file. Its bytes are kept, not copied.
  public void add(String name, byte[] bytes) {
    names.add(name);
    contents.add(bytes);
  }

  /// How many files there are; a script knows them by their numbers from 0.
  public int count() {
    return names.size();
  }

  public String name(int file) {
    return names.get(file);
  }

  /// The bytes of a file as it was added, which stay as they are.
  public byte[] bytes(int file) {
    return contents.get(file);
  }

  /// Edits all files as an input says, of which the first byte is the caller's and the rest a script,
  /// and hands them out in order. The bytes of one that is edited are a copy.
  ///
  /// @throws IOException when the taker does
  public void edit(byte[] input, Taker taker) throws IOException {
    List<byte[]> edited = new ArrayList<>(contents);
    if (input.length > 0) {
      EditScript.apply(Arrays.copyOfRange(input, 1, input.length), edited);
    }
    for (int file = 0; file < names.size(); file++) {
      byte[] bytes = edited.get(file);
      taker.take(names.get(file), bytes, !Arrays.equals(bytes, contents.get(file)));
    }
  }

  /// An input that edits one file once; see [EditScript#order].
  ///
  /// @param first what the input begins with
  public static byte[] input(int first, int file, int what, int place, long number) {
    byte[] order = EditScript.order(file, what, place, number);
    byte[] input = new byte[1 + order.length];
    input[0] = (byte) first;
    System.arraycopy(order, 0, input, 1, order.length);
    return input;
  }
}
