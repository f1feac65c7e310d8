/** What the README shows, run. */
@NullMarked
package dev.windlass.readme;

import org.jspecify.annotations.NullMarked;
