package dev.iobus.bench.subject;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/// All subjects that this build of the harness has. Immutable.
public final class Subjects {

  private static final IobusProvider OWN = new IobusProvider();

  private Subjects() {}

  /// This store.
  public static SubjectProvider own() {
    return OWN;
  }

  /// This store first, then the peers in the order of their registration.
  public static List<SubjectProvider> all() {
    List<SubjectProvider> all = new ArrayList<>();
    all.add(OWN);
    ServiceLoader.load(SubjectProvider.class).forEach(all::add);
    return all;
  }

  /// The subject of that name.
  ///
  /// @throws IllegalArgumentException when this build has none; says what it has, and how to get
  ///     more
  public static SubjectProvider named(String name) {
    List<SubjectProvider> all = all();
    for (SubjectProvider provider : all) {
      if (provider.name().equals(name)) {
        return provider;
      }
    }
    List<String> names = all.stream().map(SubjectProvider::name).toList();
    throw new IllegalArgumentException(
        "'"
            + name
            + "' is not in this build: expected some of "
            + names
            + (names.size() == 1 ? "; peers come with: mvn -Ppeers -DskipTests package" : ""));
  }
}
