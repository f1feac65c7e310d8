/** Directories in one file: written and read in parallel, and checked before they are believed. */
@NullMarked
package dev.windlass.archive;

import org.jspecify.annotations.NullMarked;
