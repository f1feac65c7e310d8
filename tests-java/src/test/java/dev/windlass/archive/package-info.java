/** Tests of archives, as Java sees them. */
@NullMarked
package dev.windlass.archive;

import org.jspecify.annotations.NullMarked;
