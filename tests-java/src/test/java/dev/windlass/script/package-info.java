/** Tests of {@code ./windlass} itself, as a user calls it. */
@NullMarked
package dev.windlass.script;

import org.jspecify.annotations.NullMarked;
