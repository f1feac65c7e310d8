package dev.windlass.memory;

/**
 * How a backup makes bytes smaller. All of it is lossless, and what will not shrink stays as it is.
 */
public enum Compression {
  NONE,
  /** Looks at samples of the bytes, and takes what promises most. */
  AUTO,
  LZ4,
  ZSTD,
  /** For bfloat16 numbers: exponents and mantissas apart. */
  BF16,
  /** For half-precision numbers: exponents and mantissas apart. */
  FP16,
  /** For single-precision numbers: exponents and mantissas apart. */
  FP32
}
