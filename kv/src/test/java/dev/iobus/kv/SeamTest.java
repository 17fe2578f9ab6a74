package dev.iobus.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.DataDirectory;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the byte code of storage and kv may refer to: threads, waiting, time, randomness and what
/// the host says of itself come from the scheduler and the bus alone, so that a simulator can be
/// both; and packages import downward.
class SeamTest {

  /// Classes that nothing refers to.
  private static final Pattern FORBIDDEN_CLASSES =
      Pattern.compile(
          "java/lang/Thread(\\$.*)?|java/lang/ref/Cleaner.*|java/security/SecureRandom"
              + "|java/util/(Random|UUID|SplittableRandom|Timer|TimerTask|IdentityHashMap)"
              + "|java/util/concurrent/locks/.*"
              + "|java/util/concurrent/([A-Za-z]*Future[A-Za-z]*|CompletionStage|[A-Za-z]*Executor[A-Za-z]*"
              + "|[A-Za-z]*Blocking[A-Za-z]*|SynchronousQueue|DelayQueue|ThreadLocalRandom"
              + "|CountDownLatch|CyclicBarrier|Semaphore|Phaser|Exchanger|ForkJoin[A-Za-z]*)"
              + "|java/time/Clock|java/lang/ProcessHandle.*|java/nio/file/File(s|Store)|java/net/.*"
              + "|java/lang/ref/[A-Za-z]*Reference|java/lang/ThreadLocal.*");

  /// The log completes stages of its callers, and waits for none.
  private static final Set<String> ALLOWED =
      Set.of(
          "dev/iobus/storage/wal/Wal refers to java/util/concurrent/CompletionStage",
          "dev/iobus/storage/wal/AckStage refers to java/util/concurrent/CompletionStage",
          "dev/iobus/storage/wal/AckStage refers to java/util/concurrent/CompletableFuture");

  /// Methods that nothing calls, as owner and name.
  private static final Set<String> FORBIDDEN_METHODS =
      Set.of(
          "java/lang/System.nanoTime",
          "java/lang/System.currentTimeMillis",
          "java/lang/System.identityHashCode",
          "java/lang/System.getenv",
          "java/lang/System.getProperty",
          "java/lang/System.gc",
          "java/lang/Integer.getInteger",
          "java/lang/Long.getLong",
          "java/lang/Boolean.getBoolean",
          "java/lang/foreign/Arena.ofAuto",
          "java/lang/Math.random",
          "java/time/Instant.now",
          "java/time/LocalDateTime.now",
          "java/time/ZonedDateTime.now",
          "java/lang/Object.wait",
          "java/lang/Object.notify",
          "java/lang/Object.notifyAll",
          "java/lang/Runtime.availableProcessors",
          "java/util/Collection.parallelStream",
          "java/util/List.parallelStream",
          "java/util/Set.parallelStream",
          "java/util/stream/Stream.parallel",
          "java/util/stream/IntStream.parallel",
          "java/util/stream/LongStream.parallel",
          "java/util/Set.of",
          "java/util/Set.copyOf",
          "java/util/Map.of",
          "java/util/Map.ofEntries",
          "java/util/Map.copyOf",
          "java/util/stream/Collectors.toUnmodifiableSet",
          "java/util/stream/Collectors.toUnmodifiableMap");

  /// From the top down; a package refers to those below it.
  private static final List<String> LAYERS =
      List.of(
          "dev/iobus/kv/tool",
          "dev/iobus/kv",
          "dev/iobus/kv/compaction",
          "dev/iobus/kv/version",
          "dev/iobus/kv/sstable",
          "dev/iobus/kv/memtable",
          "dev/iobus/kv/entry",
          "dev/iobus/storage/wal",
          "dev/iobus/storage/page",
          "dev/iobus/storage/file",
          "dev/iobus/storage/memory",
          "dev/iobus");

  @Test
  void threadsTimeAndRandomnessComeFromTheScheduler() throws Exception {
    Set<String> found = new TreeSet<>();
    for (ClassModel model : classes()) {
      String name = model.thisClass().asInternalName();
      // The command line is a program on top of the engine, not a part of it.
      if (!packageOf(name).equals("dev/iobus/kv/tool")) {
        collectForbidden(model, name, found);
      }
    }
    assertEquals(Set.of(), found);
  }

  private static void collectForbidden(ClassModel model, String name, Set<String> found) {
    for (PoolEntry entry : model.constantPool()) {
      switch (entry) {
        case ClassEntry reference -> {
          String use = name + " refers to " + reference.asInternalName();
          if (FORBIDDEN_CLASSES.matcher(reference.asInternalName()).matches()
              && !ALLOWED.contains(use)) {
            found.add(use);
          }
        }
        case MemberRefEntry member -> {
          String called = member.owner().asInternalName() + "." + member.name().stringValue();
          if (FORBIDDEN_METHODS.contains(called)) {
            found.add(name + " calls " + called);
          }
        }
        default -> {}
      }
    }
    if (!name.startsWith("dev/iobus/kv/")) {
      // Storage has monitors that are leaves: nothing of the seam is called under them.
      return;
    }
    for (MethodModel method : model.methods()) {
      if (method.flags().has(AccessFlag.SYNCHRONIZED) || entersMonitor(method)) {
        found.add(name + "." + method.methodName().stringValue() + " takes a monitor");
      }
    }
  }

  private static boolean entersMonitor(MethodModel method) {
    if (method.code().isPresent()) {
      for (CodeElement element : method.code().get()) {
        if (element instanceof MonitorInstruction) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void packagesReferOnlyDownward() throws Exception {
    Set<String> found = new TreeSet<>();
    for (ClassModel model : classes()) {
      String name = model.thisClass().asInternalName();
      int layer = LAYERS.indexOf(packageOf(name));
      assertTrue(layer >= 0, name + " is in a package that has no layer");
      for (PoolEntry entry : model.constantPool()) {
        if (entry instanceof ClassEntry reference) {
          String other = reference.asInternalName();
          if (other.startsWith("dev/iobus/") && LAYERS.indexOf(packageOf(other)) < layer) {
            found.add(name + " refers to " + other);
          }
        }
      }
    }
    assertEquals(Set.of(), found);
  }

  private static String packageOf(String internalName) {
    return internalName.substring(0, internalName.lastIndexOf('/'));
  }

  private static List<ClassModel> classes() throws IOException, URISyntaxException {
    List<ClassModel> models = new ArrayList<>();
    for (Class<?> anchor : List.of(Store.class, DataDirectory.class)) {
      Path place =
          Path.of(anchor.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(place)) {
        collect(place, models);
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(place)) {
          collect(jar.getPath("/"), models);
        }
      }
    }
    assertTrue(models.size() > 50, models.size() + " classes were found");
    return models;
  }

  private static void collect(Path root, List<ClassModel> models) throws IOException {
    List<Path> files;
    try (var paths = Files.walk(root)) {
      files =
          paths
              .filter(path -> path.toString().endsWith(".class"))
              .filter(path -> !path.toString().contains("META-INF"))
              .filter(path -> !path.endsWith("module-info.class"))
              .toList();
    }
    for (Path file : files) {
      ClassModel model = ClassFile.of().parse(Files.readAllBytes(file));
      String name = model.thisClass().asInternalName();
      if (name.startsWith("dev/iobus/storage/") || name.startsWith("dev/iobus/kv/")) {
        if (!name.endsWith("/package-info")) {
          models.add(model);
        }
      }
    }
  }
}
