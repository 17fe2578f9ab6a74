package dev.iobus.bench.report;

import dev.iobus.bench.result.Result;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Makes one self-contained page of a result.
public final class HtmlReport {

  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
  private static final String LIBRARY = "/META-INF/resources/webjars/uplot/1.6.30/";

  private HtmlReport() {}

  /// Writes the page; replaces what is there.
  public static void write(Result result, Path file) throws IOException {
    // Not writeString: it refuses half a surrogate pair, which a name may hold.
    Files.write(file, page(result).getBytes(StandardCharsets.UTF_8));
  }

  /// The text of the page.
  static String page(Result result) throws IOException {
    Findings findings = Findings.of(result);
    String script = script();
    return filled(
        resource("report.html"),
        Map.of(
            "title", Markup.escaped(result.job() + " · iobus bench"),
            "policy", "sha256-" + digest(script),
            "style", resource(LIBRARY + "dist/uPlot.min.css") + resource("report.css"),
            "head", section(findings, HeadSection::write),
            "summary", section(findings, SummarySection::write),
            "workloads", section(findings, WorkloadSection::write),
            "costs", section(findings, CostSection::write),
            "setup", section(findings, SetupSection::write),
            "data", ScriptData.of(ChartData.of(findings)),
            "script", script));
  }

  /// A part of the page.
  private interface Section {
    void write(Findings findings, Markup page);
  }

  private static String section(Findings findings, Section section) {
    Markup markup = new Markup();
    section.write(findings, markup);
    return markup.html();
  }

  /// The chart library with its licence, then our own script.
  private static String script() throws IOException {
    String script =
        "/*\n"
            + resource(LIBRARY + "LICENSE")
            + "*/\n"
            + resource(LIBRARY + "dist/uPlot.iife.min.js")
            + resource("report.js");
    if (script.contains("</script") || script.contains("<!--")) {
      throw new AssertionError("the script would end its own element");
    }
    return script;
  }

  /// All places are filled in one pass, so that nothing in a value is taken for a place.
  private static String filled(String template, Map<String, String> values) {
    return PLACE
        .matcher(template)
        .replaceAll(place -> Matcher.quoteReplacement(valueOf(place.group(1), values)));
  }

  private static String valueOf(String place, Map<String, String> values) {
    String value = values.get(place);
    if (value == null) {
      throw new AssertionError("nothing fills the place " + place);
    }
    return value;
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
  }

  /// What the browser compares before it runs a script.
  private static String digest(String script) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(script.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
