/** The library as a whole: its version, what this machine offers it, its log, and how it fails. */
@NullMarked
package dev.windlass;

import org.jspecify.annotations.NullMarked;
