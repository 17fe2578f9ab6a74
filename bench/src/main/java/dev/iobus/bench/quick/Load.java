package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Report;
import dev.iobus.kv.Store;

/// Puts every entry, each acknowledged at the chosen durability before the worker goes on.
final class Load implements Phase {

  @Override
  public void run(Bed bed, Report report) throws Exception {
    JdkClasses input = bed.model().input();
    Store store = bed.store();
    report.add(
        bed.write(
            "load",
            input.count(),
            (index, stopwatch) -> {
              byte[] key = input.key((int) index);
              byte[] value = input.value((int) index);
              store.put(key, value);
              return key.length + value.length;
            }));
  }
}
