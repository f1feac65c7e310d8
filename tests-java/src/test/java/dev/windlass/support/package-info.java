/** What several test packages use. */
@NullMarked
package dev.windlass.support;

import org.jspecify.annotations.NullMarked;
