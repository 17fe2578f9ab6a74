package dev.iobus.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HtmlReportTest {

  private static final Pattern SCRIPT =
      Pattern.compile("<script([^>]*)>(.*?)</script>", Pattern.DOTALL);
  private static final String EVIL =
      "</script><script>alert(1)</script><img src=x onerror=alert(2)> \" ' & {{script}} <!--";

  @TempDir private Path directory;

  /// A run with latencies and a series.
  private static Run measured(String workload, String subject, int round, long rate) {
    Latencies latencies = new Latencies();
    for (int i = 1; i <= 1_000; i++) {
      latencies.record(i * 1_000L);
    }
    Series series = new Series(100_000_000, List.of(rate * 0.9, rate * 1.1));
    return Run.of(
        workload,
        subject,
        round,
        new Measurement(rate, 0, 1_000_000_000, latencies.toHistogram(), series));
  }

  /// A run with nothing but a rate.
  private static Run bare(String workload, String subject, int round, double rate) {
    return new Run(
        workload,
        subject,
        round,
        false,
        0,
        0,
        0,
        Map.of(Metric.OPERATIONS_PER_SECOND, rate),
        null,
        Series.NONE);
  }

  private String page(ResultBuilder result) throws Exception {
    Path file = directory.resolve("report.html");
    HtmlReport.write(result.build(), file);
    return Files.readString(file);
  }

  private static ResultBuilder contest() {
    ResultBuilder result = new ResultBuilder("versus");
    for (int round = 0; round < 2; round++) {
      result.add(measured("get", "ours", round, 3_000));
      result.add(measured("get", "theirs", round, 1_000));
      result.add(measured("put", "ours", round, 500));
      result.add(measured("put", "theirs", round, 1_000));
    }
    return result;
  }

  private static List<MatchResult> scripts(String page) {
    return SCRIPT.matcher(page).results().toList();
  }

  private static JsonNode data(String page) throws Exception {
    return new ObjectMapper().readTree(scripts(page).getFirst().group(2));
  }

  /// The part of the page between head and foot.
  private static String main(String page) {
    return page.substring(page.indexOf("<main>"), page.indexOf("</main>"));
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void everyWorkloadHasBarsAndCharts() throws Exception {
    String page = page(contest());
    assertTrue(page.contains("<h1>versus <span class=\"pill good\">passed</span></h1>"));
    assertTrue(page.indexOf("<h3>get</h3>") < page.indexOf("<h3>put</h3>"));
    assertEquals(4, count(page, "class=\"fill "));
    assertEquals(2, count(page, "data-chart=\"latency\""));
    assertEquals(2, count(page, "data-chart=\"series\""));
    assertTrue(page.contains("style=\"width:33.33%\""), "a third of the rate is a third as wide");
  }

  @Test
  void ratiosSayWhoWins() throws Exception {
    String page = page(contest());
    assertTrue(page.contains(">▲</span>3.00×"));
    assertTrue(page.contains(">▼</span>0.50×"));
    assertTrue(page.contains("<b>1 of 2</b>"));
    assertTrue(page.contains("<strong>1.22×</strong>"), "the geometric mean of 3 and 0.5");
  }

  @Test
  void lossesAreListedWorstFirst() throws Exception {
    ResultBuilder result = contest();
    result.add(bare("scan", "ours", 0, 10));
    result.add(bare("scan", "theirs", 0, 100));
    String page = page(result);
    String losses =
        page.substring(page.indexOf("Where ours is slower"), page.indexOf("at a glance"));
    assertTrue(losses.indexOf("scan") < losses.indexOf("put"));
    assertFalse(losses.contains(">get<"));
  }

  @Test
  void chartsHaveTheNumbers() throws Exception {
    JsonNode data = data(page(contest()));
    assertEquals("ours", data.path("subjects").path(0).path("name").asText());
    assertEquals(0, data.path("subjects").path(0).path("slot").asInt());
    JsonNode get = data.path("workloads").path(0);
    JsonNode curve = get.path("latency").path(1);
    assertEquals(1, curve.path("subject").asInt());
    // Two rounds of 1,000 operations: 2,000 resolve 3.3 decades of 20 steps.
    assertEquals(67, curve.path("nanos").size());
    assertEquals(900_000, curve.path("nanos").path(20).asDouble(), 10_000);
    assertEquals(2_700, get.path("series").path(0).path("median").path(0).asInt());
  }

  @Test
  void namesAndFactsAreText() throws Exception {
    int benign = scripts(page(contest())).size();
    ResultBuilder result = new ResultBuilder(EVIL);
    result.add(measured("w" + EVIL, "ours" + EVIL, 0, 1_000));
    result.add(measured("w" + EVIL, "theirs" + EVIL, 0, 2_000));
    result.fact("fact" + EVIL, "value" + EVIL);
    result.environment(Map.of("date" + EVIL, EVIL, "date", EVIL));
    result.fail("reason" + EVIL);
    String page = page(result);
    assertEquals(benign, scripts(page).size(), "no text became a script");
    assertEquals(benign, count(page, "<script"));
    assertFalse(page.contains("<img"));
    assertFalse(page.contains("<!--"));
    assertTrue(page.contains(Markup.escaped("reason" + EVIL)));
    assertTrue(page.contains(Markup.escaped("value" + EVIL)));
    assertEquals("w" + EVIL, data(page).path("workloads").path(0).path("name").asText());
    assertEquals("theirs" + EVIL, data(page).path("subjects").path(1).path("name").asText());
  }

  @Test
  void halfACharacterIsWritten() throws Exception {
    ResultBuilder result = new ResultBuilder("versus");
    result.add(bare("w\ud800", "ours", 0, 1));
    assertTrue(page(result).contains("<h3>w?</h3>"));
  }

  @Test
  void nothingIsLoaded() throws Exception {
    String page = page(contest());
    List<String> targets = new ArrayList<>();
    Pattern.compile("\\b(?:src|href|srcset|action|data)\\s*=\\s*[\"']?([^\"'\\s>]*)")
        .matcher(SCRIPT.matcher(page).replaceAll(""))
        .results()
        .forEach(match -> targets.add(match.group(1)));
    assertFalse(targets.isEmpty(), "there are links inside the page");
    targets.forEach(target -> assertTrue(target.startsWith("#"), target));
    assertFalse(page.contains("url("));
    assertFalse(page.contains("@import"));
    assertFalse(page.contains("<link"));
    assertTrue(page.contains("content=\"default-src 'none';"));
  }

  @Test
  void policyAllowsThisScriptOnly() throws Exception {
    String page = page(contest());
    String script = scripts(page).getLast().group(2);
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
    String allowed = "script-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    assertTrue(page.contains(allowed));
    assertTrue(script.contains("uPlot=function"), "the chart library is in the page");
  }

  @Test
  void aSingleSubjectIsComparedWithNobody() throws Exception {
    ResultBuilder result = new ResultBuilder("quick");
    result.add(measured("load", "ours", 0, 1_000));
    result.add(measured("read", "ours", 0, 50_000));
    String page = page(result);
    assertEquals(0, count(page, "class=\"ratio"));
    assertEquals(0, count(page, "class=\"card\""));
    assertEquals(0, count(page, "class=\"fill "));
    assertFalse(main(page).contains("slower"));
    assertEquals(2, count(page, "data-chart=\"latency\""));
    assertTrue(page.contains("50.0\u00a0K/s"));
  }

  @Test
  void withoutLatenciesThereAreNoEmptyBoxes() throws Exception {
    ResultBuilder result = new ResultBuilder("bus");
    result.add(bare("read", "ours", 0, 1_000));
    result.add(bare("read", "fio", 0, 900));
    String page = page(result);
    assertFalse(page.contains("<figure"));
    assertFalse(page.contains("class=\"charts\""));
    assertFalse(page.contains("id=\"cost\""));
    assertFalse(page.contains("id=\"amplification\""));
    assertFalse(page.contains("id=\"setup\""));
    assertEquals(0, data(page).path("workloads").path(0).path("latency").size());
  }

  @Test
  void percentilesWithoutACurveAreATable() throws Exception {
    ResultBuilder result = new ResultBuilder("bus");
    result.add(bare("read", "fio", 0, 900).with(Metric.P50, 150_000));
    result.add(Run.of("reopen", "fio", 0, once()));
    String page = page(result);
    assertEquals(0, count(page, "class=\"chart\""));
    assertEquals(2, count(page, "<table class=\"percentiles\">"));
    assertTrue(page.contains("150\u00a0µs"));
  }

  /// One operation and one sample: no line can be drawn of either.
  private static Measurement once() {
    Latencies latencies = new Latencies();
    latencies.record(1_000);
    Series series = new Series(100_000_000, List.of(10.0));
    return new Measurement(1, 0, 1_000_000_000, latencies.toHistogram(), series);
  }

  @Test
  void costsNameTheBestAndTheUnknown() throws Exception {
    ResultBuilder result = new ResultBuilder("versus");
    result.add(bare("put", "ours", 0, 1_000).with(Metric.RESIDENT_PEAK, 64 << 20));
    result.add(bare("put", "theirs", 0, 1_000).with(Metric.RESIDENT_PEAK, 128 << 20));
    result.add(bare("put", "others", 0, 1_000).with(Metric.WRITE_AMPLIFICATION, 3.25));
    String page = page(result);
    assertTrue(page.contains("<td class=\"number best\">64.0\u00a0MiB</td>"));
    assertTrue(page.contains("<td class=\"number\">128\u00a0MiB</td>"));
    assertTrue(page.contains("<td class=\"number\">3.25</td>"));
    assertTrue(page.contains("<td class=\"number\">–</td>"));
  }

  @Test
  void failureAndSupersededRunsAreTold() throws Exception {
    ResultBuilder result = new ResultBuilder("versus");
    Run noisy = bare("put", "ours", 0, 77).with(Metric.OTHERS_CPU, 0.5);
    result.add(noisy);
    result.supersede(noisy, bare("put", "ours", 0, 1_000));
    result.fail("wrong answer: key 7");
    String page = page(result);
    assertTrue(page.contains("pill bad\">FAILED<"));
    assertTrue(page.contains("wrong answer: key 7"));
    assertTrue(page.contains("put, ours, round 1: 77.0\u00a0/s, noise 50.0\u00a0%"));
    assertEquals(1, count(page, "77.0\u00a0/s"), "it counts nowhere else");
  }

  @Test
  void aResultWithoutRunsIsAPage() throws Exception {
    ResultBuilder result = new ResultBuilder("kv");
    result.fail("no space left");
    String page = page(result);
    assertTrue(page.contains("Nothing was measured."));
    assertTrue(page.contains("no space left"));
    assertFalse(page.contains("<h2"));
  }
}
