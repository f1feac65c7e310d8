package dev.windlass.archive;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a job did.
 *
 * @param entries of the archive: files, directories and links
 * @param rawBytes of the files
 * @param archiveBytes of the archive, without its seal
 * @param root SHA-256 of the index: 32 bytes, or none where the archive has no index
 */
@SuppressWarnings("ArrayRecordComponent") // Its accessors give copies.
public record ArchiveReport(
    long entries, long rawBytes, long archiveBytes, double seconds, byte[] root) {
  public ArchiveReport {
    root = root.clone();
  }

  @Override
  public byte[] root() {
    return root.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArchiveReport report
        && entries == report.entries
        && rawBytes == report.rawBytes
        && archiveBytes == report.archiveBytes
        && seconds == report.seconds
        && Arrays.equals(root, report.root);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(root) * 31 + Long.hashCode(rawBytes);
  }

  @Override
  public String toString() {
    return "ArchiveReport[entries="
        + entries
        + ", rawBytes="
        + rawBytes
        + ", archiveBytes="
        + archiveBytes
        + ", seconds="
        + seconds
        + ", root="
        + HexFormat.of().formatHex(root)
        + "]";
  }
}
