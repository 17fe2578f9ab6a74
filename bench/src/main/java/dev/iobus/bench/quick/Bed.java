package dev.iobus.bench.quick;

import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Counters;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.measure.Workers.Step;
import dev.iobus.bench.subject.IobusProvider;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.bench.subject.Sync;
import dev.iobus.kv.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The subject under test, the directory it lives in, and the model it is compared with. Confined
/// to the thread that runs the phases, except for [#subject()] and [#store()], which their workers
/// use.
final class Bed implements AutoCloseable {

  private final QuickSettings settings;
  private final SubjectProvider provider;
  private final Path directory;
  private final Model model;
  private final Progress progress;
  private final List<CrashSteps.Survived> survived = new ArrayList<>();
  private long survivedBytes;
  private long userBytesWritten;
  private @Nullable Store store;
  private @Nullable Subject subject;

  Bed(
      QuickSettings settings,
      SubjectProvider provider,
      Path directory,
      Model model,
      Progress progress) {
    this.settings = settings;
    this.provider = provider;
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

  /// Whether the subject is this project's store, which is put to more than its peers are.
  boolean isOwn() {
    return provider.equals(Subjects.own());
  }

  /// The open store, when [#isOwn()].
  Store store() {
    if (store == null) {
      throw new IllegalStateException("the store is not open");
    }
    return store;
  }

  /// The open subject.
  Subject subject() {
    if (subject == null) {
      throw new IllegalStateException(provider.name() + " is not open");
    }
    return subject;
  }

  /// What puts and deletes wait for.
  Sync sync() {
    return settings.sync();
  }

  void open() throws IOException {
    if (subject != null) {
      throw new IllegalStateException(provider.name() + " is already open");
    }
    if (isOwn()) {
      Store opened = settings.store().open(directory);
      store = opened;
      subject = IobusProvider.of(opened, sync());
    } else {
      subject = provider.open(directory, settings.forPeers());
    }
  }

  /// Closes the subject; may be called when it is closed.
  @Override
  public void close() throws IOException {
    Subject closing = subject;
    store = null;
    subject = null;
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
  Run write(String phase, long steps, Step step) throws Exception {
    Run run = measure(phase, () -> manyWorkers().runAll(phase, steps, step));
    userBytesWritten += run.bytes();
    double written = run.value(Metric.WRITTEN_PER_OPERATION) * run.operations();
    return run.with(
            Metric.WRITE_AMPLIFICATION, run.bytes() == 0 ? Double.NaN : written / run.bytes())
        .with(Metric.SPACE_AMPLIFICATION, diskPerUserByte());
  }

  /// What a phase does, and how long that took.
  @FunctionalInterface
  interface Measured {
    Measurement run() throws Exception;
  }

  /// The numbers of one phase, and what the host counted meanwhile.
  Run measure(String phase, Measured measured) throws Exception {
    Counters before = Counters.now(directory);
    Measurement measurement = measured.run();
    return Counters.now(directory).since(before).addTo(row(phase, measurement), measurement);
  }

  /// The numbers of one phase alone.
  Run row(String phase, Measurement measurement) {
    return Run.of(phase, provider.name(), 0, measurement);
  }

  /// Bytes of files for each byte of live user data.
  double diskPerUserByte() throws IOException {
    return (double) DiskUse.bytes(directory) / (model.liveBytes() + survivedBytes);
  }
}
