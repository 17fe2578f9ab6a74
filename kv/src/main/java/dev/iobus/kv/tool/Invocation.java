package dev.iobus.kv.tool;

import static java.util.Objects.requireNonNull;

import dev.iobus.storage.wal.Durability;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A command line that was understood. Immutable.
///
/// @param directory the store's
/// @param command what to do
/// @param operands keys and values, still as text
/// @param form how keys and values look
/// @param durability what a write waits for
record Invocation(
    Path directory,
    Command command,
    List<String> operands,
    TextForm form,
    Durability durability) {

  /// What the tool can do, with the number of operands that it takes.
  enum Command {
    GET(1, 1),
    PUT(2, 2),
    DELETE(1, 1),
    SCAN(0, 2),
    VERIFY(0, 0),
    STATS(0, 0);

    private final int operandsMin;
    private final int operandsMax;

    Command(int operandsMin, int operandsMax) {
      this.operandsMin = operandsMin;
      this.operandsMax = operandsMax;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String DURABILITY = "--durability";

  /// Understands a command line. Options may stand anywhere before `--`; after it everything is
  /// an operand.
  static Invocation parse(String[] arguments) throws UsageException {
    List<String> words = new ArrayList<>();
    TextForm form = TextForm.UTF8;
    Durability durability = Durability.SYNCED;
    boolean options = true;
    for (int i = 0; i < arguments.length; i++) {
      String word = arguments[i];
      if (!options || !word.startsWith("--")) {
        words.add(word);
      } else if (word.equals("--")) {
        options = false;
      } else if (word.equals("--hex")) {
        form = TextForm.HEX;
      } else if (word.equals(DURABILITY)) {
        i++;
        durability = durability(i < arguments.length ? arguments[i] : "");
      } else if (word.startsWith(DURABILITY + "=")) {
        durability = durability(word.substring(DURABILITY.length() + 1));
      } else {
        throw new UsageException("unknown option " + word);
      }
    }
    if (words.size() < 2) {
      throw new UsageException("expected a directory and a command");
    }
    Command command = command(words.get(1));
    List<String> operands = List.copyOf(words.subList(2, words.size()));
    if (operands.size() < command.operandsMin || operands.size() > command.operandsMax) {
      throw new UsageException(
          command.word() + " takes " + range(command) + ", not " + operands.size());
    }
    return new Invocation(directory(words.getFirst()), command, operands, form, durability);
  }

  byte[] operand(int index) throws UsageException {
    return form.parse(operands.get(index));
  }

  private static Path directory(String text) throws UsageException {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UsageException(requireNonNull(e.getMessage()));
    }
  }

  private static Command command(String word) throws UsageException {
    for (Command command : Command.values()) {
      if (command.word().equals(word)) {
        return command;
      }
    }
    throw new UsageException("unknown command " + word);
  }

  private static Durability durability(String word) throws UsageException {
    for (Durability durability : Durability.values()) {
      if (durability.name().equalsIgnoreCase(word)) {
        return durability;
      }
    }
    throw new UsageException(
        "'" + word + "' is not a durability: expected one of "
            + Arrays.toString(Durability.values()).toLowerCase(Locale.ROOT));
  }

  private static String range(Command command) {
    return command.operandsMin == command.operandsMax
        ? command.operandsMin + " operands"
        : command.operandsMin + " to " + command.operandsMax + " operands";
  }
}
