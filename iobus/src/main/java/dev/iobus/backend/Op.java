package dev.iobus.backend;

/// What a [Request] asks a backend to do.
public enum Op {
  NOP,
  READ,
  WRITE,
  FSYNC,
  FDATASYNC,
  /// Writes [Request#rangeLength] bytes (0: all) from the offset on to the device; not durably.
  SYNC_RANGE,
  OPEN,
  /// As OPEN, into the slot [Request#file], where what was in it is closed.
  OPEN_REGISTERED,
  CLOSE,
  TRUNCATE,
  /// Reserves space for a range, and lengthens the file to hold it.
  ALLOCATE,
  /// Says how a range is going to be used: [Request#advice].
  ADVISE,
  RENAME,
  UNLINK,
  LINK,
  CREATE_DIRECTORY,
  STAT,
  SOCKET,
  CONNECT,
  BIND,
  LISTEN,
  ACCEPT,
  SEND,
  RECV,
  SEND_MESSAGE,
  RECV_MESSAGE,
  SHUTDOWN,
  POLL,
  /// Ends when the time has passed.
  TIMEOUT,
  /// Messages of other threads; never given to a backend.
  INBOX,
  /// Ends the request whose user data stands in [Request#offset], if it can still be ended.
  CANCEL;

  private final String label = label(name());

  /// As the methods of a bus are spelled: `SEND_MESSAGE` is `sendMessage`.
  private static String label(String name) {
    StringBuilder label = new StringBuilder();
    for (String word : name.toLowerCase(java.util.Locale.ROOT).split("_")) {
      label.append(
          label.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return label.toString();
  }

  /// The word for messages, such as `fdatasync`.
  public String label() {
    return label;
  }
}
