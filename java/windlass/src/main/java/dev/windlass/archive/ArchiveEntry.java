package dev.windlass.archive;

/**
 * One of an archive's entries.
 *
 * @param path below the tree, with slashes
 * @param mode its permissions, as a load sets them
 * @param target what a link names; empty for others
 */
public record ArchiveEntry(
    String path, ArchiveEntryKind kind, int mode, long bytes, String target) {}
