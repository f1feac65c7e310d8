package dev.windlass.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What one side of a comparison measured, round by round. */
record Samples(List<Double> values) {
  Samples {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no samples");
    }
    values = List.copyOf(values);
  }

  static Samples of(DoubleStream values) {
    return new Samples(values.boxed().toList());
  }

  double median() {
    double[] sorted = sorted();
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  double min() {
    return sorted()[0];
  }

  double max() {
    double[] sorted = sorted();
    return sorted[sorted.length - 1];
  }

  /**
   * This divided by the other, each round on its own, so that what disturbs a round cancels out.
   */
  Samples over(Samples other) {
    int rounds = Math.min(values.size(), other.values.size());
    return of(IntStream.range(0, rounds).mapToDouble(i -> values.get(i) / other.values.get(i)));
  }

  private double[] sorted() {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
