package dev.windlass.tensor;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * How large a state dict may be, spent node by node, by whoever takes one apart or reads one's
 * mapping: so that nothing that is put cannot be read, and no mapping makes more of itself in
 * memory than its bytes deserve.
 */
final class StateDictBudget {
  static final int MAX_NODES = 1 << 20;
  static final int MAX_KEY_BYTES = 4096;
  static final long MAX_KEYS_BYTES = 256L << 20;

  private final Function<String, ? extends RuntimeException> refusal;
  private int nodes;
  private long keysBytes;

  /**
   * @param refusal makes an exception of what is wrong, which follows on the value's name
   */
  StateDictBudget(Function<String, ? extends RuntimeException> refusal) {
    this.refusal = refusal;
  }

  /** Throws if there is one node too many, or its key is too long. */
  void spend(String key) {
    nodes++;
    if (nodes > MAX_NODES) {
      throw refusal.apply("has more than " + MAX_NODES + " members in all");
    }
    int bytes = key.length() > MAX_KEY_BYTES ? Integer.MAX_VALUE : utf8Length(key);
    if (bytes > MAX_KEY_BYTES) {
      throw refusal.apply(
          "has a key of more than %d bytes, which begins %s"
              .formatted(MAX_KEY_BYTES, key.substring(0, 64)));
    }
    keysBytes += bytes;
    if (keysBytes > MAX_KEYS_BYTES) {
      throw refusal.apply("has keys of more than " + MAX_KEYS_BYTES + " bytes in all");
    }
  }

  /** Throws if a map or a list lies too deep. */
  void checkDepth(int depth, String key) {
    if (depth >= StateDict.MAX_DEPTH) {
      throw refusal.apply("is nested deeper than %d, below %s".formatted(StateDict.MAX_DEPTH, key));
    }
  }

  private static int utf8Length(String key) {
    return key.getBytes(StandardCharsets.UTF_8).length;
  }
}
