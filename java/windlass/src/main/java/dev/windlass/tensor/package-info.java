/**
 * Tensors: typed, shaped memory, parts of it, nested values that hold it, and files that keep it.
 *
 * <p>Everything here is a value over memory that somebody else owns, and needs no native library.
 */
@NullMarked
package dev.windlass.tensor;

import org.jspecify.annotations.NullMarked;
