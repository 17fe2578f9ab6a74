package dev.iobus.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The pages of what the three libraries export are made without a warning, with all of doclint but
/// its demand for a tag on each parameter, result and exception: the sentences say what there is to
/// say, and each thing that is exported has one.
final class JavadocTest {

  private static final List<String> MODULES = List.of("iobus", "storage", "kv");

  @TempDir Path pages;

  @Test
  void thePagesOfAllLibrariesAreMadeWithoutAWarning() {
    Optional<ToolProvider> javadoc = ToolProvider.findFirst("javadoc");
    Assumptions.assumeTrue(javadoc.isPresent(), "this runtime has no javadoc");
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("-quiet", "-Xdoclint:all", "-protected"));
    arguments.addAll(List.of("-Xmaxwarns", "10000"));
    arguments.addAll(List.of("-d", pages.toString(), "--module-path", jars()));
    for (String module : MODULES) {
      Path sources = Path.of("..", module, "src", "main");
      arguments.add("--module-source-path");
      arguments.add(
          name(module)
              + "="
              + sources.resolve("java")
              + File.pathSeparator
              + sources.resolve("module"));
    }
    arguments.add("--module");
    arguments.add(MODULES.stream().map(JavadocTest::name).collect(Collectors.joining(",")));
    StringWriter told = new StringWriter();
    PrintWriter writer = new PrintWriter(told, true);
    int code = javadoc.get().run(writer, writer, arguments.toArray(String[]::new));
    assertEquals(List.of(), complaints(told.toString()));
    assertEquals(0, code, told::toString);
    assertEquals(
        List.of(true, true),
        List.of(
            Files.exists(pages.resolve("dev.iobus/dev/iobus/sim/SimDisk.html")),
            Files.exists(pages.resolve("dev.iobus.kv/dev/iobus/kv/Store.html"))));
  }

  private static List<String> complaints(String told) {
    return told.lines()
        .filter(line -> line.contains(": warning: ") || line.contains(": error: "))
        .filter(line -> !line.matches(".*: warning: no @(param|return|throws)\\b.*"))
        .toList();
  }

  private static String name(String module) {
    return module.equals("iobus") ? "dev.iobus" : "dev.iobus." + module;
  }

  /// What the modules require beside one another.
  private static String jars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(jar -> jar.matches(".*(jspecify|RoaringBitmap|lz4-java)[^/]*[.]jar"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
