package dev.windlass.compile;

/** What became of an operation. */
public enum CacheStatus {
  /** It was done. */
  SUCCESS,
  /** It failed, or is switched off; the result's reason says why. */
  ERROR,
  /** There is no archive for this environment. Loads only. */
  DOES_NOT_EXIST,
  /** It was not needed: what it would make is there, or there is nothing to do it with. */
  SKIPPED
}
