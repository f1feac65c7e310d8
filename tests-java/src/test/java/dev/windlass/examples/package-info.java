/** The programs of java/examples, run. */
@NullMarked
package dev.windlass.examples;

import org.jspecify.annotations.NullMarked;
