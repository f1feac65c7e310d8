package dev.windlass.bench;

import java.util.Optional;

/** One side of a comparison: how fast it was, and what processor time it took for a gigabyte. */
record Side(Samples rate, Optional<Samples> cpuSecondsPerGigabyte) {}
