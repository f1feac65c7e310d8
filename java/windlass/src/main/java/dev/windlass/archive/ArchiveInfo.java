package dev.windlass.archive;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What an archive says of itself. One without an index says only what it is, and how long. {@link
 * Archive#list} tells the entries.
 *
 * @param entries files, directories and links
 * @param rawBytes of the files
 * @param archiveBytes of the archive, with its seal
 * @param sealable whether the root vouches for all that a load relies on
 * @param root SHA-256 of the index: 32 bytes, or none where there is no index
 * @param note what its writer wanted kept
 * @param seal what vouches for the root, and is nobody's business here
 */
@SuppressWarnings("ArrayRecordComponent") // Its accessors give copies.
public record ArchiveInfo(
    ArchiveFormat format,
    long entries,
    long rawBytes,
    long archiveBytes,
    boolean sealable,
    byte[] root,
    byte[] note,
    Optional<byte[]> seal) {
  public ArchiveInfo {
    root = root.clone();
    note = note.clone();
    seal = seal.map(byte[]::clone);
  }

  @Override
  public byte[] root() {
    return root.clone();
  }

  @Override
  public byte[] note() {
    return note.clone();
  }

  @Override
  public Optional<byte[]> seal() {
    return seal.map(byte[]::clone);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArchiveInfo info
        && format == info.format
        && entries == info.entries
        && rawBytes == info.rawBytes
        && archiveBytes == info.archiveBytes
        && sealable == info.sealable
        && Arrays.equals(root, info.root)
        && Arrays.equals(note, info.note)
        && seal.isPresent() == info.seal.isPresent()
        && Arrays.equals(seal.orElse(root), info.seal.orElse(info.root));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(root) * 31 + Long.hashCode(archiveBytes);
  }

  @Override
  public String toString() {
    return "ArchiveInfo[format="
        + format
        + ", entries="
        + entries
        + ", rawBytes="
        + rawBytes
        + ", archiveBytes="
        + archiveBytes
        + ", sealable="
        + sealable
        + ", root="
        + HexFormat.of().formatHex(root)
        + ", note="
        + note.length
        + " bytes, seal="
        + seal.map(bytes -> bytes.length + " bytes").orElse("none")
        + "]";
  }
}
