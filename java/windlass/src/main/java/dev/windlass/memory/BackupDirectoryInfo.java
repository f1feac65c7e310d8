package dev.windlass.memory;

/**
 * A backup directory at one moment.
 *
 * @param engine what reads and writes
 * @param direct whether it does so past the page cache
 * @param inMemory whether the file system keeps its files in memory, so that a pause frees none
 * @param freeBytes of the file system, for us
 * @param storedBytes room that backups have in files here
 * @param sweptFiles how many were removed when it was opened, because the processes they belonged
 *     to had died
 */
public record BackupDirectoryInfo(
    FileEngine engine,
    boolean direct,
    boolean inMemory,
    long freeBytes,
    long storedBytes,
    long sweptFiles,
    long sweptBytes) {}
