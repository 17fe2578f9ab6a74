package dev.iobus.bench.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

final class DoctorCommandTest {

  @TempDir private Path directory;

  @Test
  void saysWhichBackendWillBeUsed() throws Exception {
    DoctorCommand command = new DoctorCommand();
    new CommandLine(command).parseArgs("--quick", "--dir=" + directory);
    Diagnosis diagnosis = command.examine();
    try (SharedBus bus = SharedBus.open(BusOptions.defaults())) {
      String said = String.valueOf(diagnosis.facts().get("backend"));
      assertTrue(said.startsWith(bus.backend().label() + ": "), said);
      if (!bus.host().fileSystem(directory).isCopyOnWrite()) { // There nothing is tried.
        for (String name : new String[] {"durable append", "log append"}) {
          String chosen = String.valueOf(diagnosis.facts().get(name));
          assertTrue(chosen.contains("median of "), name + ": " + chosen);
          assertTrue(chosen.contains("DSYNC write "), name + ": " + chosen);
        }
      }
    }
    for (String name : new String[] {"JDK", "kernel", "direct I/O", "durable append", "codec"}) {
      assertNotNull(diagnosis.facts().get(name), diagnosis.facts().toString());
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(0, left.count(), "the files of the examination must be removed");
    }
  }

  @Test
  void factsAndWarningsAreLinesAndJson() throws Exception {
    Diagnosis diagnosis = new Diagnosis();
    diagnosis.fact("a", "1");
    diagnosis.fact("longer", "2");
    diagnosis.warn("too low: raise it");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    diagnosis.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    assertEquals(
        "a       1\nlonger  2\nwarning: too low: raise it\n".lines().toList(),
        bytes.toString(StandardCharsets.UTF_8).lines().toList());
    Path file = directory.resolve("doctor.json");
    diagnosis.write(file);
    JsonNode document = new ObjectMapper().readTree(file.toFile());
    assertEquals("2", document.path("facts").path("longer").asText());
    assertEquals("too low: raise it", document.path("warnings").path(0).asText());
  }

  @Test
  void directoryMustBeThere() {
    DoctorCommand command = new DoctorCommand();
    new CommandLine(command).parseArgs("--dir=" + directory.resolve("absent"));
    ParameterException e = assertThrows(ParameterException.class, command::examine);
    assertTrue(String.valueOf(e.getMessage()).contains("--dir"), e.getMessage());
    assertFalse(Files.exists(directory.resolve("absent")));
  }

  @Test
  void helpIsNotAnError() {
    assertEquals(0, new CommandLine(new DoctorCommand()).execute("--help"));
  }
}
