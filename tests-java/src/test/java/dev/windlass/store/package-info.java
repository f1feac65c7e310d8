/** Tests of the tensor store: one contract over every way to a volume, with a cache and without. */
@NullMarked
package dev.windlass.store;

import org.jspecify.annotations.NullMarked;
