package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    String text = new TextTable("Step", "Time").row("a longer step", "1").render(80);
    assertEquals(
        """
        Step           Time
        -------------  ----
        a longer step  1
        """,
        text);
  }

  @Test
  void figuresStandAtTheRight() {
    String text =
        new TextTable("Step", "Time", "RSS")
            .alignRight(1, 2)
            .row("one", "1.0 ms", "3")
            .row("two", "", "30 MiB")
            .render(80);
    assertEquals(
        """
        Step    Time     RSS
        ----  ------  ------
        one   1.0 ms       3
        two           30 MiB
        """,
        text);
  }

  @Test
  void theLastColumnWrapsToTheWidthAndAtItsOwnLineBreaks() {
    String text =
        new TextTable("What", "Found")
            .row("io_uring", "not allowed by the system\nto do: allow it")
            .render(32);
    assertEquals(
        """
        What      Found
        --------  ----------------------
        io_uring  not allowed by the
                  system
                  to do: allow it
        """,
        text);
  }

  @Test
  void aWordThatIsTooLongIsNotBroken() {
    assertEquals(
        List.of("see", "/a/very/long/path", "now"), TextTable.wrap("see /a/very/long/path now", 8));
    assertEquals(List.of(""), TextTable.wrap("", 8));
  }

  @Test
  void headingsCanBeLeftOut() {
    assertEquals(
        "a  b\n", new TextTable("First", "Second").row("a", "b").withoutHeadings().render(80));
  }

  @Test
  void aRowOfTheWrongLengthIsRefused() {
    TextTable table = new TextTable("First", "Second");
    assertThrows(IllegalArgumentException.class, () -> table.row("alone"));
  }
}
