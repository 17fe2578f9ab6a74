package dev.iobus.bench;

import dev.iobus.bench.bus.BusCommand;
import dev.iobus.bench.cache.CacheCommand;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.doctor.DoctorCommand;
import dev.iobus.bench.jmh.JmhCommand;
import dev.iobus.bench.kv.KvCommand;
import dev.iobus.bench.quick.QuickCommand;
import dev.iobus.bench.review.CompareCommand;
import dev.iobus.bench.review.ReportCommand;
import dev.iobus.bench.torture.TortureCommand;
import dev.iobus.bench.wal.WalCommand;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParseResult;

/// The command line: picks the job, turns what it throws into a message and an exit code.
@Command(
    name = "bench/run",
    mixinStandardHelpOptions = true,
    version = "iobus bench 0.1.0-SNAPSHOT",
    description = {"Measures iobus, its storage and its key-value store.", ""},
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QuickCommand.class,
      KvCommand.class,
      BusCommand.class,
      WalCommand.class,
      CacheCommand.class,
      JmhCommand.class,
      TortureCommand.class,
      DoctorCommand.class,
      ReportCommand.class,
      CompareCommand.class,
      CommandLine.HelpCommand.class
    },
    footer = {
      "",
      "Exit codes: 0 done and every answer right; 1 failure or wrong answer; 2 wrong usage;",
      "78 the host lacks something. NO_COLOR is honoured."
    })
public final class Bench {

  private static final int HELP_WIDTH = 100;

  private Bench() {}

  public static void main(String[] arguments) {
    CommandLine line = new CommandLine(new Bench());
    line.setExecutionExceptionHandler(Bench::failed);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpWidth(HELP_WIDTH);
    System.exit(line.execute(arguments));
  }

  /// The JDK's message of the commonest failures is the path alone.
  private static String describe(Exception e) {
    return switch (e) {
      case AccessDeniedException denied -> denied.getMessage() + ": permission denied";
      case NoSuchFileException missing -> missing.getMessage() + ": no such file or directory";
      case FileAlreadyExistsException there -> there.getMessage() + ": is there already";
      case NotDirectoryException file -> file.getMessage() + ": is no directory";
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }

  /// A failure of the outside world needs its message, one of ours needs its stack.
  private static int failed(Exception e, CommandLine line, ParseResult result) {
    if (e instanceof IOException) {
      String message = describe(e);
      line.getErr().println(line.getColorScheme().errorText(message));
    } else {
      e.printStackTrace(line.getErr());
    }
    return ExitStatus.FAILURE;
  }
}
