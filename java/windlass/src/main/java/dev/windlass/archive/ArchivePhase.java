package dev.windlass.archive;

import dev.windlass.bindings.WindlassAbi;

/** What a job is at. */
public enum ArchivePhase {
  /** Looking at the files, or at the index. */
  SCANNING,
  /** Compressing, or extracting. */
  MOVING,
  /** Checking, and waiting for the disk. */
  FINISHING,
  /** Done, or failed. */
  DONE;

  static ArchivePhase of(int code) {
    if (code == WindlassAbi.WL_ARCHIVE_PHASE_SCANNING()) {
      return SCANNING;
    }
    if (code == WindlassAbi.WL_ARCHIVE_PHASE_MOVING()) {
      return MOVING;
    }
    return code == WindlassAbi.WL_ARCHIVE_PHASE_FINISHING() ? FINISHING : DONE;
  }
}
