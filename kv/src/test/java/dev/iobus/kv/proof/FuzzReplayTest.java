package dev.iobus.kv.proof;

import dev.iobus.kv.LogRecordFuzz;
import dev.iobus.kv.StoreFuzz;
import dev.iobus.kv.sstable.DataBlockFuzz;
import dev.iobus.kv.sstable.IndexFuzz;
import dev.iobus.kv.sstable.StoredBlockFuzz;
import dev.iobus.kv.sstable.TablePartsFuzz;
import dev.iobus.kv.version.VersionEditFuzz;
import dev.iobus.proof.FuzzReplay;
import dev.iobus.proof.FuzzTarget;
import dev.iobus.proof.JazzerRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What fuzzing has found worth keeping, and some changed inputs, on every decoder of this module.
@Timeout(120)
final class FuzzReplayTest {

  @ParameterizedTest
  @ValueSource(
      classes = {
        DataBlockFuzz.class,
        StoredBlockFuzz.class,
        IndexFuzz.class,
        TablePartsFuzz.class,
        VersionEditFuzz.class,
        LogRecordFuzz.class
      })
  void bytesAreDecodedOrRefused(Class<? extends FuzzTarget> target) throws Exception {
    FuzzReplay.run(target, 4000);
  }

  @Test
  void directoryIsOpenedOrRefused() throws Exception {
    FuzzReplay.run(StoreFuzz.class, 150);
  }

  @Tag("fuzz")
  @Timeout(600)
  @ParameterizedTest
  @ValueSource(
      classes = {
        DataBlockFuzz.class,
        StoredBlockFuzz.class,
        IndexFuzz.class,
        TablePartsFuzz.class,
        VersionEditFuzz.class,
        LogRecordFuzz.class,
        StoreFuzz.class
      })
  void bytesAreFuzzed(Class<? extends FuzzTarget> target) throws Exception {
    JazzerRun.run(target, Integer.getInteger("iobus.fuzz.seconds", 60));
  }
}
