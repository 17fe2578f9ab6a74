package dev.iobus.bench.doctor;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.host.DiskUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the examination of this host.
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    header = "Tells what this host allows the library, and what to do about what it does not.",
    description = {
      "",
      "One line for each fact, then one for each warning. Takes a few seconds. The exit code is",
      "0 when it could look, whatever it saw.",
      ""
    })
public final class DoctorCommand implements Callable<Integer> {

  private static final String HOME_PROPERTY = "bench.home";
  private static final long NANOS = 1_000_000_000L;
  private static final long QUICK_NANOS = 150_000_000L;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "The directory that data would lie in (bench/results, else the current one).")
  private @Nullable Path dir;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the facts and warnings to this file too.")
  private @Nullable Path json;

  @Option(names = "--quick", description = "Measure syncs for 0.15 s each, not for a second.")
  private boolean quick;

  @Override
  public Integer call() throws Exception {
    Diagnosis diagnosis = examine();
    diagnosis.print(System.out);
    if (json != null) {
      diagnosis.write(json);
    }
    return ExitStatus.OK;
  }

  /// Looks at everything.
  ///
  /// @throws IOException when the directory cannot be written to
  Diagnosis examine() throws Exception {
    Path parent = dir == null ? defaultDirectory() : dir;
    if (!Files.isDirectory(parent)) {
      throw new ParameterException(
          spec.commandLine(),
          "--dir " + parent + " is no directory: make it, or name another");
    }
    Path directory = Files.createTempDirectory(parent.toAbsolutePath(), "doctor-");
    try {
      Diagnosis diagnosis = new Diagnosis();
      HostExam.examine(diagnosis);
      BackendExam.examine(diagnosis);
      DirectoryExam.examine(diagnosis, directory, quick ? QUICK_NANOS : NANOS);
      StoreExam.examine(diagnosis, directory.resolve("store"));
      return diagnosis;
    } finally {
      DiskUse.remove(directory);
    }
  }

  private static Path defaultDirectory() throws IOException {
    String home = System.getProperty(HOME_PROPERTY);
    return home == null ? Path.of("") : Files.createDirectories(Path.of(home).resolve("results"));
  }
}
