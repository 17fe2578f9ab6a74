package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.result.Aim;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The workloads of operations that do nothing, each in processes of its own. Immutable.
///
/// @param backend of the bus; null for the best that this host allows
/// @param program the C program to compare with; null when there is none
record NopRows(@Nullable BackendKind backend, @Nullable NopProgram program) {

  private static final double LEAST_OF_ONE = 0.95;
  private static final double LEAST_OF_BATCH = 1;

  /// A workload for each size of batch.
  ///
  /// @param aimed whether to tell what they are meant to reach
  List<Lineup> of(List<Integer> batches, boolean aimed) {
    List<Lineup> rows = new ArrayList<>();
    for (int batch : batches) {
      String workload = "nop, batch " + batch;
      List<Entrant> entrants = new ArrayList<>(List.of(new Own(batch, backend)));
      if (program != null) {
        entrants.add(program.entrant(batch));
      }
      double least = batch == 1 ? LEAST_OF_ONE : LEAST_OF_BATCH;
      List<Aim> aims =
          List.of(Aim.rate(workload, NopProgram.LABEL, least), BlockRows.noAllocation(workload));
      rows.add(new Lineup(workload, entrants, aimed ? aims : List.of()));
    }
    return rows;
  }

  /// The bus. Immutable.
  private record Own(int batch, @Nullable BackendKind backend) implements Entrant {

    @Override
    public String label() {
      return ContenderKind.IOBUS.label();
    }

    @Override
    public String kind() {
      return "iobus, nop";
    }

    @Override
    public Contender open() throws Exception {
      return new NopContender(batch, backend);
    }
  }
}
