package dev.windlass.compile;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What became of the artifacts that a load put into the local cache.
 *
 * @param evidence what the verdict rests on, in a sentence or more
 * @param key the key that was loaded; empty where there is no record
 * @param loadedAt by this machine's clock
 * @param accessTimes whether reading a file moves its access time there; empty if that is unknown
 * @param loadedFiles how many were loaded
 * @param readFiles how many of these were read since
 * @param changedFiles how many of these have another size or time of change now
 * @param removedFiles how many of these are gone
 * @param newFiles how many are there that were not loaded
 * @param newBytes how much these are
 * @param examples some of the new files, by their paths in the cache
 */
public record UsageReport(
    UsageVerdict verdict,
    String evidence,
    String key,
    Optional<Instant> loadedAt,
    Optional<Boolean> accessTimes,
    int loadedFiles,
    int readFiles,
    int changedFiles,
    int removedFiles,
    int newFiles,
    long newBytes,
    List<String> examples) {

  static UsageReport withoutRecord(String why) {
    return new UsageReport(
        UsageVerdict.NO_RECORD,
        why,
        "",
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        0,
        0,
        0,
        0,
        List.of());
  }
}
