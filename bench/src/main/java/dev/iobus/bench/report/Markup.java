package dev.iobus.bench.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/// Writes HTML. Text and the values of attributes are escaped here, and here only; the names of
/// elements and attributes come from the code. Confined to one thread.
final class Markup {

  private final StringBuilder html = new StringBuilder();
  private final Deque<String> open = new ArrayDeque<>();

  /// Begins an element.
  ///
  /// @param attributes names and values, in alternation
  Markup open(String element, String... attributes) {
    if (attributes.length % 2 != 0) {
      throw new IllegalArgumentException(
          "attribute " + attributes[attributes.length - 1] + " has no value");
    }
    html.append('<').append(element);
    for (int i = 0; i < attributes.length; i += 2) {
      html.append(' ').append(attributes[i]).append("=\"");
      html.append(escaped(attributes[i + 1])).append('"');
    }
    html.append('>');
    open.push(element);
    return this;
  }

  /// Adds text to the element that began last and has not ended.
  Markup text(String text) {
    html.append(escaped(text));
    return this;
  }

  /// Ends the element that began last.
  Markup close() {
    html.append("</").append(open.pop()).append('>');
    return this;
  }

  /// A whole element with nothing but text.
  Markup element(String element, String text, String... attributes) {
    return open(element, attributes).text(text).close();
  }

  /// A new line in the source of the page.
  Markup line() {
    html.append('\n');
    return this;
  }

  /// What was written; every element has ended.
  String html() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("not ended: " + open);
    }
    return html.toString();
  }

  /// A declaration for the attribute `style`: `property`, so many percent of the element around.
  static String percent(String property, double share) {
    return String.format(Locale.ROOT, "%s:%.2f%%", property, share * 100);
  }

  static String escaped(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        case '\'' -> safe.append("&#39;");
        default -> safe.append(c);
      }
    }
    return safe.toString();
  }
}
