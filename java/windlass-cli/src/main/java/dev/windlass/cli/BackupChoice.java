package dev.windlass.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What {@code --backup} can be. */
enum BackupChoice {
  POOLED,
  PAGEABLE,
  NONE;

  /**
   * Reads the choice.
   *
   * @throws UsageException where it is none of them
   */
  static BackupChoice parse(String text) {
    for (BackupChoice choice : values()) {
      if (choice.word().equals(text)) {
        return choice;
      }
    }
    List<String> words = Arrays.stream(values()).map(BackupChoice::word).toList();
    String near = Names.nearest(text, words).map(word -> "; did you mean " + word + "?").orElse("");
    throw new UsageException(
        "\"" + text + "\" is no backup: it is one of " + String.join(", ", words) + near);
  }

  /** As it is written on the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
