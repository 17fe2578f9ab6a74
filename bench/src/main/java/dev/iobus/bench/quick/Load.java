package dev.iobus.bench.quick;

import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.subject.Subject;

/// Puts every entry, each acknowledged at the chosen durability before the worker goes on.
final class Load implements Phase {

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    JdkClasses input = bed.model().input();
    Subject subject = bed.subject();
    result.add(
        bed.write(
            "load",
            input.count(),
            (index, stopwatch) -> {
              byte[] key = input.key((int) index);
              byte[] value = input.value((int) index);
              subject.put(key, value, bed.sync());
              return (long) key.length + value.length;
            }));
  }
}
