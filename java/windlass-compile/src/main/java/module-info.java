/**
 * The compile-artifact cache: what torch.compile and vLLM compile is kept in a shared directory,
 * and loaded at the next cold start.
 *
 * <p>It stands on {@code dev.windlass}, which calls native code, so java wants {@code
 * --enable-native-access=dev.windlass}.
 */
module dev.windlass.compile {
  requires transitive dev.windlass;
  requires static transitive org.jspecify;

  exports dev.windlass.compile;
}
