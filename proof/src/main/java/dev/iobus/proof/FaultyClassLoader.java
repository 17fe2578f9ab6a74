package dev.iobus.proof;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Loads the classes of this project anew, tests included, one of them with a fault. All other
/// classes are those of everybody. Thread-safe.
final class FaultyClassLoader extends ClassLoader {

  private static final String PROJECT = "dev.iobus.";
  private static final String SELF = "dev.iobus.proof.";

  private final @Nullable PlantedFault fault;
  private volatile boolean planted;

  static {
    registerAsParallelCapable();
  }

  /// @param fault null for none
  FaultyClassLoader(@Nullable PlantedFault fault) {
    super(FaultyClassLoader.class.getClassLoader());
    this.fault = fault;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PROJECT) || name.startsWith(SELF)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] code = read(name);
    if (fault != null && fault.className().equals(name)) {
      code = fault.plant(code);
      planted = true;
    }
    return defineClass(name, code, 0, code.length);
  }

  private byte[] read(String name) throws ClassNotFoundException {
    try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (file == null) {
        throw new ClassNotFoundException(name);
      }
      return file.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("class " + name, e);
    }
  }

  /// Whether the class with the fault was loaded.
  boolean isPlanted() {
    return planted;
  }
}
