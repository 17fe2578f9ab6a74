package dev.iobus.bench.quick;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.MismatchException;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The model must notice every wrong answer: a harness that cannot fail measures nothing.
final class ModelTest {

  private static JdkClasses input;

  @BeforeAll
  static void load() throws Exception {
    input = JdkClasses.load(50);
  }

  @Test
  void inputIsSortedClassFiles() {
    assertEquals(50, input.count());
    for (int i = 0; i < input.count(); i++) {
      byte[] magic = Arrays.copyOf(input.value(i), 4);
      assertArrayEquals(new byte[] {(byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe}, magic);
      assertTrue(input.name(i).endsWith(".class"));
      assertEquals(i, input.lowerBound(input.key(i)));
      assertTrue(i == 0 || Arrays.compareUnsigned(input.key(i - 1), input.key(i)) < 0);
    }
  }

  @Test
  void rightAnswersPass() throws Exception {
    Model model = new Model(input);
    model.check(3, input.value(3).clone());
    model.overwrite(3, 7);
    model.check(3, input.value(7));
    model.delete(3);
    model.check(3, null);
    assertEquals(49, model.liveCount());
    assertEquals(4, model.nextLive(3));
    assertEquals(2, model.previousLive(3));
  }

  @Test
  void wrongAnswersAreNoticed() {
    Model model = new Model(input);
    byte[] damaged = input.value(3).clone();
    damaged[damaged.length - 1] ^= 1;
    assertThrows(MismatchException.class, () -> model.check(3, damaged));
    assertThrows(MismatchException.class, () -> model.check(3, null));
    model.delete(3);
    assertThrows(MismatchException.class, () -> model.check(3, input.value(3)));
  }

  @Test
  void liveBytesFollowChanges() {
    Model model = new Model(input);
    assertEquals(input.bytes(), model.liveBytes());
    model.delete(0);
    assertEquals(
        input.bytes() - input.key(0).length - input.value(0).length, model.liveBytes());
  }
}
