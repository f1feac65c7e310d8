package dev.windlass.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What followed a command's name: flags ({@code --json}) and options with a value ({@code --size
 * 1G}).
 */
final class Arguments {
  private final Set<String> flags = new HashSet<>();
  private final Map<String, String> values = new HashMap<>();
  private final Map<String, List<String>> lists = new HashMap<>();

  private Arguments() {}

  /**
   * Reads the words; {@code --option value} and {@code --option=value} are the same.
   *
   * @throws UsageException for a word that is neither, an option without its value, or one given
   *     twice
   */
  static Arguments parse(List<String> words, Set<String> flags, Set<String> options) {
    return parse(words, flags, options, Set.of());
  }

  /** The same, where some options may be given several times. */
  static Arguments parse(
      List<String> words, Set<String> flags, Set<String> once, Set<String> repeated) {
    Set<String> options = new HashSet<>(once);
    options.addAll(repeated);
    Arguments parsed = new Arguments();
    for (int index = 0; index < words.size(); index++) {
      String word = words.get(index);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (options.contains(name)) {
        if (equals < 0 && index + 1 == words.size()) {
          throw new UsageException(name + " needs a value");
        }
        String value = equals < 0 ? words.get(++index) : word.substring(equals + 1);
        if (repeated.contains(name)) {
          parsed.lists.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
        } else {
          parsed.put(name, value);
        }
      } else if (flags.contains(word)) {
        parsed.flags.add(word);
      } else {
        throw new UsageException(unknown(word, name, flags, options));
      }
    }
    return parsed;
  }

  boolean has(String flag) {
    return flags.contains(flag);
  }

  Optional<String> value(String option) {
    return Optional.ofNullable(values.get(option));
  }

  /** What an option that may be given several times was given, in that order. */
  List<String> values(String option) {
    return List.copyOf(lists.getOrDefault(option, List.of()));
  }

  private void put(String name, String value) {
    if (values.put(name, value) != null) {
      throw new UsageException(name + " is given twice");
    }
  }

  private static String unknown(String word, String name, Set<String> flags, Set<String> options) {
    if (flags.contains(name)) {
      return name + " takes no value";
    }
    List<String> known = new ArrayList<>(flags);
    known.addAll(options);
    String near =
        Names.nearest(name, known).map(found -> "; did you mean " + found + "?").orElse("");
    return "\"" + word + "\" is not something it takes" + near;
  }
}
