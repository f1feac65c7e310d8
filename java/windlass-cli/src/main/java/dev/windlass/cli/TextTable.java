package dev.windlass.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A table of plain text: columns as wide as their widest cell, the last one wrapped to the line's
 * width.
 *
 * <p>A line break in a cell of the last column begins a new line there. A word that is wider than
 * the column, such as a path, is not broken, so that it can be copied.
 */
final class TextTable {
  private static final String GAP = "  ";
  private static final int NARROWEST_LAST_COLUMN = 20;

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();
  private final BitSet right = new BitSet();
  private boolean showHeadings = true;

  TextTable(String... headings) {
    this.headings = List.of(headings);
  }

  /** Sets the columns, counted from 0, whose cells stand at the right; figures do. */
  TextTable alignRight(int... columns) {
    Arrays.stream(columns).forEach(right::set);
    return this;
  }

  TextTable withoutHeadings() {
    showHeadings = false;
    return this;
  }

  TextTable row(String... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells for " + headings.size() + " columns");
    }
    rows.add(List.of(cells));
    return this;
  }

  /**
   * The table as lines that are no longer than width where words allow, each ended by a newline.
   */
  String render(int width) {
    int[] widths = widths();
    StringBuilder text = new StringBuilder();
    if (showHeadings) {
      append(text, headings, widths, width);
      append(text, Arrays.stream(widths).mapToObj("-"::repeat).toList(), widths, width);
    }
    for (List<String> row : rows) {
      append(text, row, widths, width);
    }
    return text.toString();
  }

  private int[] widths() {
    int[] widths = new int[headings.size()];
    for (int column = 0; column < widths.length; column++) {
      int widest = showHeadings ? headings.get(column).length() : 0;
      for (List<String> row : rows) {
        widest = Math.max(widest, row.get(column).lines().mapToInt(String::length).max().orElse(0));
      }
      widths[column] = widest;
    }
    return widths;
  }

  private void append(StringBuilder text, List<String> cells, int[] widths, int width) {
    int last = cells.size() - 1;
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < last; column++) {
      line.append(pad(cells.get(column), widths[column], right.get(column))).append(GAP);
    }
    int indent = line.length();
    int room = Math.max(NARROWEST_LAST_COLUMN, width - indent);
    boolean isRule = cells.get(last).startsWith("--");
    String cell = isRule ? "-".repeat(Math.min(room, widths[last])) : cells.get(last);
    for (String part : wrap(cell, room)) {
      line.append(pad(part, widths[last], right.get(last)));
      text.append(line.toString().stripTrailing()).append('\n');
      line.setLength(0);
      line.append(" ".repeat(indent));
    }
  }

  private static String pad(String cell, int width, boolean atRight) {
    String blank = " ".repeat(Math.max(0, width - cell.length()));
    return atRight ? blank + cell : cell + blank;
  }

  /** Breaks text at blanks into lines of at most width, and at its own line breaks. */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    for (String paragraph : text.split("\n", -1)) {
      StringBuilder line = new StringBuilder();
      for (String word : paragraph.split(" ", -1)) {
        if (line.length() > 0 && line.length() + 1 + word.length() > width) {
          lines.add(line.toString());
          line.setLength(0);
        } else if (line.length() > 0) {
          line.append(' ');
        }
        line.append(word);
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
