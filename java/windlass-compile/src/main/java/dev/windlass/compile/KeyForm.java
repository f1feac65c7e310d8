package dev.windlass.compile;

/** How a key gets its name from its factors. */
public enum KeyForm {
  /**
   * GPU name and CUDA version, or processor architecture and platform, as {@link #ORIGINAL} has
   * them; the name tells them, with a hash behind.
   */
  NARROW,
  /** The same factors under the name that B10 Transfer gives them: sixteen digits of a hash. */
  ORIGINAL,
  /** All factors that were given or probed. */
  WIDE
}
