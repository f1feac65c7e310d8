/** Tests of the command line, from its pieces to whole runs. */
@NullMarked
package dev.windlass.cli;

import org.jspecify.annotations.NullMarked;
