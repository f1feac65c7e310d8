package dev.windlass.archive;

import dev.windlass.bindings.WindlassAbi;

/** What an entry of an archive becomes. */
public enum ArchiveEntryKind {
  FILE,
  DIRECTORY,
  SYMBOLIC_LINK,
  HARD_LINK;

  static ArchiveEntryKind of(int code) {
    if (code == WindlassAbi.WL_ARCHIVE_ENTRY_DIRECTORY()) {
      return DIRECTORY;
    }
    if (code == WindlassAbi.WL_ARCHIVE_ENTRY_SYMBOLIC_LINK()) {
      return SYMBOLIC_LINK;
    }
    return code == WindlassAbi.WL_ARCHIVE_ENTRY_HARD_LINK() ? HARD_LINK : FILE;
  }
}
