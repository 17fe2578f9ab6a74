package dev.iobus.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ErrnoTest {

  @Test
  void constantsAgreeWithTheTable() throws Exception {
    for (var field : Errno.class.getFields()) {
      assertEquals(field.getName(), Errno.name(field.getInt(null)));
      assertEquals(field.getInt(null), Errno.number(field.getName()));
    }
    assertEquals("EHWPOISON", Errno.name(133));
    assertEquals("ENOTSOCK", Errno.name(88));
  }

  @Test
  void unknownNumbersKeepTheirNumber() {
    assertEquals("errno 4711", Errno.name(4711));
    assertEquals("errno 41", Errno.name(41));
    assertEquals("errno 0", Errno.name(0));
    assertEquals("errno -5", Errno.name(-5));
    assertThrows(IllegalArgumentException.class, () -> Errno.number("ENONSENSE"));
  }
}
