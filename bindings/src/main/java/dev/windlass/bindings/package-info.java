/**
 * The C interface as Java sees it, and the loader of the library behind it.
 *
 * <p>The classes {@code WindlassAbi}, {@code WindlassSymbols}, {@code PreloadAbi}, {@code
 * PreloadSymbols} and {@code wl_*} are generated and never edited; see bindings/generate.sh.
 * Nothing in here is for users: the module does not export it.
 */
@NullMarked
package dev.windlass.bindings;

import org.jspecify.annotations.NullMarked;
