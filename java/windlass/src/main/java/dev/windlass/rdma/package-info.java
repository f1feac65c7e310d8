/** RDMA devices of this machine: what there is, what it can, and what is missing. */
@NullMarked
package dev.windlass.rdma;

import org.jspecify.annotations.NullMarked;
