/**
 * The command line: what {@code ./windlass} runs once it has found a JDK and built what it needs.
 */
@NullMarked
package dev.windlass.cli;

import org.jspecify.annotations.NullMarked;
