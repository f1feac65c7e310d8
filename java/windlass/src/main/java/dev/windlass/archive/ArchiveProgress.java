package dev.windlass.archive;

/**
 * How far a job is.
 *
 * @param doneBytes of the files
 * @param totalBytes of the files; 0 while it is not known
 * @param entries that are done
 */
public record ArchiveProgress(ArchivePhase phase, long doneBytes, long totalBytes, long entries) {}
