package dev.windlass.compile;

/** The steps of a save and of a load, in their order: tests end the process, or fail, at each. */
enum Step {
  SAVE_CHECKED,
  SAVE_RECORDED,
  SAVE_CLAIMED,
  SAVE_ARCHIVED,
  SAVE_SEALED,
  SAVE_COPIED,
  SAVE_FENCED,
  SAVE_DISPLACED,
  SAVE_PUBLISHED,
  SAVE_RELEASING,
  LOAD_CHECKED,
  LOAD_UNPACKED,
  LOAD_EXTRACTED,
  LOAD_RECORDED,
  LOAD_EXCHANGED,
  LOAD_CLEANED;

  /** Is told each step when it is done. */
  @FunctionalInterface
  interface Listener {
    void reached(Step step);
  }
}
