package dev.iobus.bench.doctor;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What was found out, in the order in which it was found. Confined to one thread.
final class Diagnosis {

  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();

  /// Tells one thing.
  void fact(String name, String value) {
    facts.put(name, value);
  }

  /// Tells what stands in the way.
  ///
  /// @param what is wrong, and what to do about it
  void warn(String what) {
    warnings.add(what);
  }

  Map<String, String> facts() {
    return Collections.unmodifiableMap(facts);
  }

  List<String> warnings() {
    return Collections.unmodifiableList(warnings);
  }

  /// A line for each fact, names aligned, then a line for each warning.
  void print(PrintStream out) {
    int width = facts.keySet().stream().mapToInt(String::length).max().orElse(0);
    facts.forEach(
        (name, value) -> out.println(name + " ".repeat(width + 2 - name.length()) + value));
    warnings.forEach(warning -> out.println("warning: " + warning));
  }

  /// Writes an object of `facts` and `warnings`; replaces what is there.
  void write(Path file) throws IOException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("facts", facts);
    document.put("warnings", warnings);
    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), document);
  }
}
