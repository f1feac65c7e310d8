/** Tests of the compile-artifact cache. */
@NullMarked
package dev.windlass.compile;

import org.jspecify.annotations.NullMarked;
