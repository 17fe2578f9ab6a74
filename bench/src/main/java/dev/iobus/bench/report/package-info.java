/// One page of a result, for people: `report.html`, which needs no network and no other file.
///
/// [HtmlReport] puts the page together from its template, its style, the chart library and what the
/// sections write. [Findings] is what all of them look at: the rows of the result, the subjects and
/// who was faster. The sections, in the order of the page: [HeadSection], [SummarySection],
/// [WorkloadSection], [CostSection], [SetupSection]. Text and tables are there without scripts;
/// the script only draws the charts, of the numbers in [ChartData].
///
/// ```
/// Result ──> Findings ──> sections ──> Markup ───┐
///               │                                ├──> HtmlReport ──> report.html
///               └──> ChartData ──> JSON ─────────┘
/// ```
///
/// Invariants:
/// 1. Every text of a result passes through [Markup] or [ScriptData], and both escape it.
/// 2. The page loads nothing, and its content security policy forbids it to.
/// 3. A number that was not measured is shown as a dash, and a chart without numbers not at all.
///
/// Start at [HtmlReport].
@NullMarked
package dev.iobus.bench.report;

import org.jspecify.annotations.NullMarked;
