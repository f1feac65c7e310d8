package dev.windlass.bench;

/** The cheapest call that JNI can make, which a downcall is compared with. */
final class JniNop {
  /** The system property that names the library. */
  static final String LIBRARY_PROPERTY = "dev.windlass.bench.jni";

  private JniNop() {}

  @SuppressWarnings("restricted")
  static void load() {
    System.load(System.getProperty(LIBRARY_PROPERTY));
  }

  static native int version();
}
