package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.command.ExitStatus;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class BusCommandTest {

  private final StringWriter said = new StringWriter();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--rw=frob",
        "--rw=randread,frob",
        "--bs=1k",
        "--bs=4097",
        "--bs=0",
        "--bs=2g --size=1g",
        "--depths=0",
        "--depths=many",
        "--depths=16385",
        "--depths=4096 --bs=1m",
        "--vs=nobody",
        "--backend=floppy",
        "--seconds=0",
        "--rounds=0",
        "--size=100",
        "--direct --buffered",
        "--registered --plain",
        "--nop --vs=fio",
        "--nop --rw=read",
        "--preset=fast",
        "--preset=aims --nop",
        "--preset=aims --rw=read",
        "--preset=aims --vs=fio",
        "--preset=direct --plain",
        "--preset=direct --depths=8",
        "--nop --bs=8k",
        "--preset=cached --peers=nobody",
        "--peers=jasyncfio",
        "--processes=2"
      })
  void wrongUsageIsTold(String arguments) {
    assertEquals(ExitStatus.USAGE, execute(arguments.split(" ")));
    assertTrue(said.toString().contains("--"), said.toString());
  }

  @Test
  void absentFioIsToldWhenItWasAskedFor() {
    assertEquals(ExitStatus.ENVIRONMENT, execute("--vs=fio", "--fio=there-is-no-such-fio"));
    assertEquals(
        "fio was asked for, and there is no program 'there-is-no-such-fio': " + Fio.REMEDY,
        said.toString().strip());
  }

  @Test
  void helpNamesEveryContender() {
    assertEquals(ExitStatus.OK, new CommandLine(new BusCommand()).execute("--help"));
    String help = new CommandLine(new BusCommand()).getUsageMessage();
    for (ContenderKind kind : ContenderKind.values()) {
      assertTrue(help.contains(kind.label()), kind.label());
    }
    for (AimGroup group : AimGroup.values()) {
      assertTrue(help.contains("\n  " + group.label() + " "), group.label());
    }
  }

  private int execute(String... arguments) {
    CommandLine line = new CommandLine(new BusCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setErr(new PrintWriter(said, true));
    return line.execute(arguments);
  }
}
