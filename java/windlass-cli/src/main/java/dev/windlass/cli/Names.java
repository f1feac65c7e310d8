package dev.windlass.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody who mistyped a name may have meant. */
final class Names {
  private Names() {}

  /** The candidate that is fewest keystrokes away, if that is near enough to be a slip. */
  static Optional<String> nearest(String typed, Collection<String> candidates) {
    int slips = Math.max(1, Math.min(3, typed.length() / 2));
    return candidates.stream()
        .filter(candidate -> distance(typed, candidate) <= slips)
        .min(Comparator.comparingInt(candidate -> distance(typed, candidate)));
  }

  /** How many letters must be put in, left out or replaced to turn one into the other. */
  static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int column = 0; column < row.length; column++) {
      row[column] = column;
    }
    for (int line = 1; line <= from.length(); line++) {
      int diagonal = row[0];
      row[0] = line;
      for (int column = 1; column < row.length; column++) {
        int replaced = diagonal + (from.charAt(line - 1) == to.charAt(column - 1) ? 0 : 1);
        diagonal = row[column];
        row[column] = Math.min(replaced, 1 + Math.min(row[column], row[column - 1]));
      }
    }
    return row[to.length()];
  }
}
