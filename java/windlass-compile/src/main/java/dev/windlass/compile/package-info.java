/**
 * The compile-artifact cache: a local cache directory is saved in a shared one under a key of the
 * environment, and loaded from there at the next cold start.
 */
@NullMarked
package dev.windlass.compile;

import org.jspecify.annotations.NullMarked;
