package dev.iobus.kv.tool;

import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.StoreStats;
import dev.iobus.kv.VerifyReport;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Opens a store, does one thing to it, closes it. Confined to one thread.
public final class Tool {

  private static final int OK = 0;
  private static final int FAILURE = 1;
  private static final int USAGE = 2;

  private static final String HELP =
      """
      usage: kv/kv [options] DIR get KEY
             kv/kv [options] DIR put KEY VALUE
             kv/kv [options] DIR delete KEY
             kv/kv [options] DIR scan [FROM [TO]]     FROM included, TO excluded
             kv/kv [options] DIR verify               reads and checks every block
             kv/kv [options] DIR stats

      options:
        --hex                 keys and values are hexadecimal (default: UTF-8)
        --durability LEVEL    what a write waits for: synced (default), written, buffered
        --                    what follows is no option
        --help                this text

      put creates the store; every other command needs one. scan prints one entry a line, key
      and value with a tab between; use --hex where they may hold tabs, line ends or other bytes.

      exit codes: 0 done; 1 no such key, or a failure; 2 wrong usage; 78 no suitable JDK.
      """;

  private final Invocation invocation;
  private final PrintStream out;
  private final PrintStream err;

  private Tool(Invocation invocation, PrintStream out, PrintStream err) {
    this.invocation = invocation;
    this.out = out;
    this.err = err;
  }

  /// Runs the tool and ends the process with its exit code.
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    int status = run(arguments, out, err);
    out.flush();
    System.exit(out.checkError() && status == OK ? FAILURE : status);
  }

  /// Runs the tool and returns its exit code.
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    if (asksForHelp(arguments)) {
      out.print(HELP);
      return OK;
    }
    try {
      return new Tool(Invocation.parse(arguments), out, err).run();
    } catch (UsageException | IllegalArgumentException e) {
      err.println("kv: " + e.getMessage());
      err.println("try: kv/kv --help");
      return USAGE;
    } catch (CharacterCodingException e) {
      err.println("kv: the bytes are not UTF-8; use --hex");
      return FAILURE;
    } catch (IOException e) {
      err.println("kv: " + (e.getMessage() == null ? e : e.getMessage()));
      return FAILURE;
    }
  }

  private static boolean asksForHelp(String[] arguments) {
    List<String> words = Arrays.asList(arguments);
    int operandsFrom = words.indexOf("--");
    return words.subList(0, operandsFrom < 0 ? words.size() : operandsFrom).contains("--help");
  }

  private int run() throws IOException, UsageException {
    Path directory = invocation.directory();
    boolean creates = invocation.command() == Invocation.Command.PUT;
    if (!creates && !isStore(directory)) {
      err.println("kv: " + directory + ": no store there");
      return FAILURE;
    }
    // Operands are checked before the store is opened, so that a typing error changes nothing.
    for (int i = 0; i < invocation.operands().size(); i++) {
      invocation.operand(i);
    }
    StoreOptions options = StoreOptions.defaults().withDurability(invocation.durability());
    try (Store store = Store.open(directory, options)) {
      return switch (invocation.command()) {
        case GET -> get(store);
        case PUT -> put(store);
        case DELETE -> delete(store);
        case SCAN -> scan(store);
        case VERIFY -> verify(store);
        case STATS -> stats(store);
      };
    }
  }

  /// A directory with anything in it may be a store; opening tells. An empty one would become one.
  private static boolean isStore(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (var files = Files.newDirectoryStream(directory)) {
      return files.iterator().hasNext();
    }
  }

  private int get(Store store) throws IOException, UsageException {
    byte @Nullable [] value = store.get(invocation.operand(0));
    if (value == null) {
      err.println("kv: no such key: " + invocation.operands().getFirst());
      return FAILURE;
    }
    out.println(invocation.form().format(value));
    return OK;
  }

  private int put(Store store) throws IOException, UsageException {
    store.put(invocation.operand(0), invocation.operand(1));
    return OK;
  }

  private int delete(Store store) throws IOException, UsageException {
    store.delete(invocation.operand(0));
    return OK;
  }

  private int scan(Store store) throws IOException, UsageException {
    int count = invocation.operands().size();
    byte @Nullable [] from = count > 0 ? invocation.operand(0) : null;
    byte @Nullable [] to = count > 1 ? invocation.operand(1) : null;
    TextForm form = invocation.form();
    try (Cursor cursor = store.cursor(from, to)) {
      for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
        out.println(form.format(cursor.key()) + "\t" + form.format(cursor.value()));
      }
    }
    return OK;
  }

  private int verify(Store store) throws IOException {
    VerifyReport report = store.verify();
    out.println(
        "verified " + report.tables() + " tables, " + report.blocks() + " blocks, "
            + report.entries() + " entries, " + report.bytes() + " bytes: no damage");
    return OK;
  }

  private int stats(Store store) {
    StoreStats stats = store.stats();
    out.println("backend           " + stats.backendReason());
    out.println("codec             " + stats.codec());
    out.println("durable append    " + stats.durableAppend());
    out.println("disk bytes        " + stats.diskBytes());
    out.println("memtable bytes    " + stats.memtableBytes());
    out.println("memory reserved   " + stats.memoryReserved());
    out.println("indexes, filters  " + stats.indexBytes());
    out.println("tables per level  " + stats.tablesPerLevel());
    return OK;
  }
}
