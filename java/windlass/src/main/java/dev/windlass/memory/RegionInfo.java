package dev.windlass.memory;

/**
 * A region at one moment.
 *
 * @param contentDefined false after a resume without backup, until the region is written from start
 *     to end or acknowledged
 * @param address the same for the region's whole life
 * @param sizeBytes as asked for
 * @param mappedBytes on the device: the size rounded up to the granularity; 0 while paused
 * @param backupBytes host memory that the backup holds
 * @param storedBytes room that the backup has in files
 * @param imageBytes that can be read from the backup
 * @param allocationId names the region's pages, with the generation, among those of its device
 * @param generation 1 at first, one more each time that pages have gone
 */
public record RegionInfo(
    RegionState state,
    Backup backup,
    boolean contentDefined,
    long address,
    long sizeBytes,
    long mappedBytes,
    long backupBytes,
    long storedBytes,
    long imageBytes,
    long allocationId,
    long generation) {}
