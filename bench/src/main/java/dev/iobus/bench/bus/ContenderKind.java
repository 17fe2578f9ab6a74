package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The contenders there are.
enum ContenderKind {
  IOBUS("iobus"),
  FIO("fio"),
  FILECHANNEL("filechannel"),
  FILECHANNEL_VIRTUAL("filechannel-virtual"),
  SHARED("shared"),
  SHARED_VIRTUAL("shared-virtual"),
  BUS_THREAD("bus-thread");

  private final String label;

  ContenderKind(String label) {
    this.label = label;
  }

  /// The name that people read and type.
  String label() {
    return label;
  }

  /// Whether it checks what it transfers.
  boolean isChecked() {
    return this != FIO;
  }

  /// Readies one for its runs on `blocks`.
  Contender open(Bed bed, Blocks blocks) throws IOException {
    return switch (this) {
      case IOBUS -> new BusContender(blocks, bed.backend());
      case FIO -> new FioContender(Objects.requireNonNull(bed.fio()), blocks.job(), blocks.file());
      case FILECHANNEL -> new FileChannelContender(blocks, Workers.Kind.PLATFORM);
      case FILECHANNEL_VIRTUAL -> new FileChannelContender(blocks, Workers.Kind.VIRTUAL);
      case SHARED -> new SharedBusContender(blocks, Workers.Kind.PLATFORM, bed.backend());
      case SHARED_VIRTUAL -> new SharedBusContender(blocks, Workers.Kind.VIRTUAL, bed.backend());
      case BUS_THREAD -> new BusThreadContender(blocks, bed.backend());
    };
  }

  /// Reads names on the command line.
  static final class Converter implements ITypeConverter<ContenderKind> {

    @Override
    public ContenderKind convert(String text) {
      for (ContenderKind kind : values()) {
        if (kind.label.equalsIgnoreCase(text)) {
          return kind;
        }
      }
      String known =
          Arrays.stream(values()).map(ContenderKind::label).collect(Collectors.joining(", "));
      throw new TypeConversionException("'" + text + "' is unknown: expected one of " + known);
    }
  }
}
