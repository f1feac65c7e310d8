package dev.windlass.compile;

/** Whether a server used the artifacts that were loaded for it. */
public enum UsageVerdict {
  /** Loaded artifacts were read, and nothing was compiled anew. */
  USED,
  /** Loaded artifacts were read, and others were written since: part of the work was not there. */
  USED_IN_PART,
  /** Nothing was read and nothing written: no server has looked, or it looks elsewhere. */
  NOT_USED,
  /** Nothing was read, and artifacts were written: what was loaded was not what was wanted. */
  COMPILED_ANEW,
  /** The file system keeps no access times, and nothing was written either way. */
  CANNOT_TELL,
  /** What is in the local cache was not put there by a load that left a record. */
  NO_RECORD
}
