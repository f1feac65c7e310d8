/*
 * Tests in plain C: TEST defines one, which registers itself; CHECK and its kin note a failure and go on.
 *
 * After each test the live objects of every kind must be zero.
 */
#ifndef WINDLASS_TESTS_CAPI_CHECK_H
#define WINDLASS_TESTS_CAPI_CHECK_H

#include <stdint.h>

#include "windlass/windlass.h"

typedef void (*check_function)(void);

void check_register(const char* name, check_function function);
void check_failed(const char* file, int line, const char* format, ...) __attribute__((format(printf, 3, 4)));
void check_skip(const char* reason);
/* How many checks have failed so far in this process. */
int check_failures(void);

/* These return whether the check held. */
int check_true(const char* file, int line, int64_t value, const char* expression);
int check_equal(const char* file, int line, const char* expression, uint64_t actual, uint64_t expected);
int check_status(const char* file, int line, const char* expression, wl_status actual, wl_status expected);
int check_contains(const char* file, int line, const char* actual, const char* part);

#define TEST(suite, name)                                                    \
  static void suite##_##name(void);                                          \
  __attribute__((constructor)) static void register_##suite##_##name(void) { \
    check_register(#suite "." #name, suite##_##name);                        \
  }                                                                          \
  static void suite##_##name(void)

#define CHECK(value) check_true(__FILE__, __LINE__, (int64_t)(value), #value)
#define CHECK_EQ(actual, expected) check_equal(__FILE__, __LINE__, #actual, (uint64_t)(actual), (uint64_t)(expected))
#define CHECK_STATUS(call, expected) check_status(__FILE__, __LINE__, #call, (call), (expected))
#define CHECK_OK(call) CHECK_STATUS(call, WL_STATUS_OK)
#define CHECK_CONTAINS(actual, part) check_contains(__FILE__, __LINE__, (actual), (part))
#define SKIP(reason)    \
  do {                  \
    check_skip(reason); \
    return;             \
  } while (0)

#endif
