package dev.iobus;

import dev.iobus.backend.Request;
import org.jspecify.annotations.Nullable;

/// The files that calls of one [SharedBus] are under way on: while they are, the number of a file
/// means that file and no other. Thread-safe.
final class FileUse {

  private final SharedBus bus;
  private final Checks checks;
  private final Registrations registrations;

  FileUse(SharedBus bus, Checks checks, Registrations registrations) {
    this.bus = bus;
    this.checks = checks;
    this.registrations = registrations;
  }

  /// The file itself, for calls that take no slot of the ring's table.
  OpenFile openFile(BusFile file) {
    return switch (file) {
      case OpenFile plain -> plain;
      case OpenSocket socket -> throw notAFile(socket);
      case RegisteredFile registered -> {
        registered.slot(bus); // Refuses one that is no longer registered.
        yield registered.file();
      }
    };
  }

  /// Refuses what no call on this bus could use now.
  ///
  /// @throws IllegalArgumentException for a socket, and for a file of another bus
  /// @throws IllegalStateException for one that is no longer registered
  void check(BusFile file) {
    checks.file(openFile(file));
  }

  /// Keeps the descriptor of a file until [OpenFile#release], for a call that takes no slot of the
  /// ring's table.
  ///
  /// @return null for a registered file whose own was closed: the ring alone has it then
  /// @throws IllegalStateException when the file is closed, or no longer registered
  @Nullable OpenFile retain(BusFile file) {
    OpenFile open = openFile(file);
    checks.file(open);
    if (file instanceof RegisteredFile && !open.uses().retain()) {
      return null;
    }
    if (file instanceof OpenFile) {
      open.retain();
    }
    return open;
  }

  /// Points the request of a slot at the file, whose number means nothing else until [#letGo].
  void use(Slot slot, BusFile file) {
    Request request = slot.request;
    switch (file) {
      case RegisteredFile registered -> {
        registered.slot(bus); // One of another bus must not be counted.
        registered.retain();
        try {
          request.file = registered.slot(bus, slot.ring);
        } catch (IllegalStateException e) {
          letGo(registered);
          throw e;
        }
        request.fixedFile = true;
      }
      case OpenFile open -> {
        checks.file(open);
        request.file = open.retain();
        request.fixedFile = false;
      }
      case OpenSocket socket -> throw notAFile(socket);
    }
  }

  /// Ends what [#use] began.
  void letGo(BusFile file) {
    switch (file) {
      case RegisteredFile registered -> {
        registered.release();
        registrations.giveBackIfUnused(registered);
      }
      case OpenFile open -> open.release();
      case OpenSocket socket -> throw notAFile(socket);
    }
  }

  static IllegalArgumentException notAFile(OpenSocket socket) {
    return new IllegalArgumentException(
        socket.path() + " is a socket, and a shared bus works on files; use a Bus");
  }
}
