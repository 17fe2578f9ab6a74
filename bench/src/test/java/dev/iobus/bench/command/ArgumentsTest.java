package dev.iobus.bench.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.bench.measure.Workers;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

final class ArgumentsTest {

  @Test
  void sizesAreRead() {
    ByteSize size = new ByteSize();
    assertEquals(0, size.convert("0"));
    assertEquals(4_096, size.convert("4k"));
    assertEquals(64L << 20, size.convert("64M"));
    assertEquals(2L << 30, size.convert("2g"));
    for (String wrong : List.of("", "m", "-1", "1.5g", "9999999999g", "64mb")) {
      assertThrows(TypeConversionException.class, () -> size.convert(wrong), wrong);
    }
  }

  @Test
  void threadsAreRead() {
    Threads.Converter threads = new Threads.Converter();
    assertEquals(new Threads(16, Workers.Kind.PLATFORM), threads.convert("16"));
    assertEquals(new Threads(1_000, Workers.Kind.VIRTUAL), threads.convert("1000v"));
    assertEquals("1000v", threads.convert("1000v").label());
    for (String wrong : List.of("", "v", "0", "-1", "many", "1000V", "1 v")) {
      assertThrows(TypeConversionException.class, () -> threads.convert(wrong), wrong);
    }
  }
}
