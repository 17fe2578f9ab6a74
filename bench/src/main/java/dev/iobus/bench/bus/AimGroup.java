package dev.iobus.bench.bus;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// The rows on which iobus has aims, by what they need and what they show.
enum AimGroup {
  /// Operations that do nothing, against a C program.
  NOP,
  /// Direct random reads on one bus, against fio and against threads.
  DIRECT,
  /// Cached random reads on one bus, against fio and other libraries.
  CACHED,
  /// Blocking calls of platform threads, against FileChannel and a bare bus.
  CALLERS,
  /// Blocking calls of virtual threads, against FileChannel and hand-overs to a thread.
  VIRTUAL,
  /// Cold reads through the page cache of storage, against fio.
  PAGES,
  /// A server that sends back what it gets, against Netty.
  ECHO;

  /// The name that stands for all groups.
  static final String ALL = "aims";

  /// The name that people type.
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether it has transfers on a file.
  boolean transfers() {
    return isDirect() || isBuffered();
  }

  /// Whether it has transfers past the page cache.
  boolean isDirect() {
    return this == DIRECT || this == CALLERS || this == VIRTUAL || this == PAGES;
  }

  /// Whether it has transfers through the page cache.
  boolean isBuffered() {
    return this == CACHED || this == CALLERS;
  }

  /// The groups of some names.
  ///
  /// @throws IllegalArgumentException when a name is unknown; says which there are
  static Set<AimGroup> parse(List<String> names) {
    Set<AimGroup> groups = EnumSet.noneOf(AimGroup.class);
    for (String name : names) {
      if (name.equalsIgnoreCase(ALL)) {
        groups.addAll(EnumSet.allOf(AimGroup.class));
      } else {
        groups.add(named(name));
      }
    }
    return groups;
  }

  private static AimGroup named(String name) {
    for (AimGroup group : values()) {
      if (group.label().equalsIgnoreCase(name)) {
        return group;
      }
    }
    String known = Arrays.stream(values()).map(AimGroup::label).collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "'" + name + "' is unknown: expected " + ALL + ", or some of " + known);
  }
}
