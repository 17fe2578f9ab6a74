package dev.iobus.bench.bus;

/// Who takes part in a workload, and how it is readied for each of its runs. Confined to one thread.
interface Entrant {

  /// Its name in this workload.
  String label();

  /// The name under which it tells what it stands on.
  default String kind() {
    return label();
  }

  /// Readies it for one run; who asked closes it.
  ///
  /// @throws HostLacksException when it cannot take part on this host
  Contender open() throws Exception;

  /// Ends a run that was measured and closed: checks what it left behind.
  ///
  /// @throws dev.iobus.bench.measure.MismatchException when that is not right
  default void settle() throws Exception {}
}
