/* The cheapest call that JNI can make: what a downcall through the bindings is compared with. */
#include <jni.h>

JNIEXPORT jint JNICALL Java_dev_windlass_bench_JniNop_version(JNIEnv* environment, jclass type);

JNIEXPORT jint JNICALL Java_dev_windlass_bench_JniNop_version(JNIEnv* environment, jclass type) {
  (void)environment;
  (void)type;
  return 1;
}
