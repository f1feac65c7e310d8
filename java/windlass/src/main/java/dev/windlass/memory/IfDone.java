package dev.windlass.memory;

/** What a call over many regions makes of those that are in the new state already. */
public enum IfDone {
  /** They are an error, and nothing is changed. */
  FAIL,
  /** They are passed over, so that the call can be made as often as one likes. */
  SKIP
}
