package dev.iobus.storage.wal;

import dev.iobus.OpenFlag;
import dev.iobus.storage.file.DataDirectory;
import java.io.IOException;

/// Where the log makes its files. Contracts are those of [DataDirectory].
interface LogFiles {

  LogFile create(String name, boolean direct) throws IOException;

  /// Opens a file that exists, for writing.
  LogFile open(String name, boolean direct) throws IOException;

  void delete(String name) throws IOException;

  /// Makes creations durable.
  void sync() throws IOException;

  static LogFiles of(DataDirectory directory) {
    return new Real(directory);
  }

  /// The files of a directory.
  record Real(DataDirectory directory) implements LogFiles {

    @Override
    public LogFile create(String name, boolean direct) throws IOException {
      return LogFile.of(directory.create(name, direct));
    }

    @Override
    public LogFile open(String name, boolean direct) throws IOException {
      return LogFile.of(directory.open(name, direct, OpenFlag.WRITE));
    }

    @Override
    public void delete(String name) throws IOException {
      directory.delete(name);
    }

    @Override
    public void sync() throws IOException {
      directory.sync();
    }
  }
}
