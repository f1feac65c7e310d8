/**
 * The tensor store: volumes that hold tensors and bytes by key, the clients that put and get them,
 * and the cache of what a transport prepares for them.
 */
@NullMarked
package dev.windlass.store;

import org.jspecify.annotations.NullMarked;
