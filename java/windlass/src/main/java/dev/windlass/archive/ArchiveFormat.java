package dev.windlass.archive;

import dev.windlass.bindings.WindlassAbi;

/** What kind of archive a file is. */
public enum ArchiveFormat {
  /** One of ours: a {@code .tar.zst} with an index behind it. */
  WINDLASS,
  /** A {@code .tar.zst} of another tool. */
  ZSTD_TAR,
  /** A plain {@code .tar}. */
  TAR;

  static ArchiveFormat of(int code) {
    if (code == WindlassAbi.WL_ARCHIVE_FORMAT_WINDLASS()) {
      return WINDLASS;
    }
    return code == WindlassAbi.WL_ARCHIVE_FORMAT_ZSTD_TAR() ? ZSTD_TAR : TAR;
  }
}
