/**
 * Memory that can be given away for a while: regions, the devices they lie on, and where their
 * bytes go meanwhile.
 */
@NullMarked
package dev.windlass.memory;

import org.jspecify.annotations.NullMarked;
