package dev.windlass.tensor;

/** Keys of leaves: components with "/" between them, as {@link StateDict} says. */
final class Keys {
  private static final String EMPTY = "~2";

  private Keys() {}

  /** The key of a map's member. */
  static String below(String prefix, String key) {
    return join(prefix, escape(key));
  }

  /** The key of a list's member. */
  static String below(String prefix, int index) {
    return join(prefix, Integer.toString(index));
  }

  private static String join(String prefix, String component) {
    return prefix.isEmpty() ? component : prefix + "/" + component;
  }

  static String escape(String key) {
    if (key.isEmpty()) {
      return EMPTY;
    }
    if (key.equals(StateDict.MAPPING_KEY)) {
      return "~" + key;
    }
    if (key.indexOf('~') < 0 && key.indexOf('/') < 0 && key.indexOf('\0') < 0) {
      return key;
    }
    return key.replace("~", "~0").replace("/", "~1").replace("\0", "~3");
  }
}
