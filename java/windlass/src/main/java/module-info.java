/**
 * Windlass: regions of device memory that can be paused and resumed.
 *
 * <p>The module calls native code, so java wants {@code --enable-native-access=dev.windlass}.
 */
module dev.windlass {
  requires jdk.jfr;
  requires static org.jspecify;

  exports dev.windlass;
  exports dev.windlass.archive;
  exports dev.windlass.memory;
  exports dev.windlass.rdma;
  exports dev.windlass.store;
  exports dev.windlass.tensor;
}
