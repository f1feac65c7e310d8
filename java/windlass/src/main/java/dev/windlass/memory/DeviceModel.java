package dev.windlass.memory;

/**
 * Which GPU it is.
 *
 * @param name what its maker calls it, such as {@code NVIDIA H100 80GB HBM3}
 * @param computeMajor of its compute capability: 9 of 9.0
 */
public record DeviceModel(String name, int computeMajor, int computeMinor) {
  /** Such as {@code 9.0}. */
  public String computeCapability() {
    return computeMajor + "." + computeMinor;
  }
}
