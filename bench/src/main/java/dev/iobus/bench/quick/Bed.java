package dev.iobus.bench.quick;

import dev.iobus.bench.measure.DiskUse;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.ProcessIo;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Row;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.measure.Workers.Step;
import dev.iobus.kv.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The store under test, the directory it lives in, and the model it is compared with. Confined
/// to the thread that runs the phases, except for [#store()], which their workers use.
final class Bed implements AutoCloseable {

  private final QuickSettings settings;
  private final Path directory;
  private final Model model;
  private final Progress progress;
  private final List<CrashSteps.Survived> survived = new ArrayList<>();
  private long survivedBytes;
  private long userBytesWritten;
  private @Nullable Store store;

  Bed(QuickSettings settings, Path directory, Model model, Progress progress) {
    this.settings = settings;
    this.directory = directory;
    this.model = model;
    this.progress = progress;
  }

  QuickSettings settings() {
    return settings;
  }

  Path directory() {
    return directory;
  }

  Model model() {
    return model;
  }

  Progress progress() {
    return progress;
  }

  /// Adds what the writers of a killed child left, to be found again from now on.
  void addSurvived(List<CrashSteps.Survived> more) throws IOException {
    survived.addAll(more);
    survivedBytes = CrashSteps.bytesIn(store());
  }

  /// Checks that what killed children left is there as it was first found.
  void checkSurvived() throws IOException, MismatchException {
    for (CrashSteps.Survived s : survived) {
      s.check(store());
    }
  }

  /// Bytes of keys and values that this process has written.
  long userBytesWritten() {
    return userBytesWritten;
  }

  /// The open store.
  Store store() {
    if (store == null) {
      throw new IllegalStateException("the store is not open");
    }
    return store;
  }

  void open() throws IOException {
    if (store != null) {
      throw new IllegalStateException("the store is already open");
    }
    store = settings.store().open(directory);
  }

  /// Closes the store; may be called when it is closed.
  @Override
  public void close() throws IOException {
    Store closing = store;
    store = null;
    if (closing != null) {
      closing.close();
    }
  }

  /// The concurrent workers that the user asked for.
  Workers manyWorkers() {
    return new Workers(Workers.Kind.VIRTUAL, settings.threads(), progress);
  }

  Workers oneWorker() {
    return new Workers(Workers.Kind.PLATFORM, 1, progress);
  }

  /// Runs a phase that writes, and counts what reaches the device meanwhile.
  Row write(String phase, long steps, Step step) throws Exception {
    double before = ProcessIo.bytesWritten();
    Measurement measurement = manyWorkers().runAll(phase, steps, step);
    double written = ProcessIo.bytesWritten() - before;
    userBytesWritten += measurement.bytes();
    return Row.of(phase, measurement)
        .withWritten(measurement.bytes() == 0 ? Double.NaN : written / measurement.bytes())
        .withDisk(diskPerUserByte());
  }

  /// Bytes of files for each byte of live user data.
  double diskPerUserByte() throws IOException {
    return (double) DiskUse.bytes(directory) / (model.liveBytes() + survivedBytes);
  }
}
