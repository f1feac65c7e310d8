package dev.windlass.compile;

import java.util.Optional;

/**
 * A factor in which two keys differ.
 *
 * @param wanted its value in this environment's key; empty where that has none
 * @param found its value in the other key; empty where that has none
 */
public record FactorDifference(String name, Optional<String> wanted, Optional<String> found) {}
