#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST_TESTS 256

typedef struct check_case {
  const char* name;
  check_function function;
} check_case;

static check_case cases[MOST_TESTS];
static int case_count;
static int failures;
static const char* skipped;

void check_register(const char* name, check_function function) {
  if (case_count == MOST_TESTS) {
    failures += 1;
    printf("FAILED: there are more than %d tests; raise MOST_TESTS\n", MOST_TESTS);
    return;
  }
  cases[case_count].name = name;
  cases[case_count].function = function;
  case_count += 1;
}

void check_failed(const char* file, int line, const char* format, ...) {
  va_list arguments;
  failures += 1;
  printf("%s:%d: FAILED: ", file, line);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
}

void check_skip(const char* reason) { skipped = reason; }

int check_failures(void) { return failures; }

int check_true(const char* file, int line, int64_t value, const char* expression) {
  if (value == 0) check_failed(file, line, "%s does not hold", expression);
  return value != 0;
}

int check_equal(const char* file, int line, const char* expression, uint64_t actual, uint64_t expected) {
  if (actual != expected) {
    check_failed(file, line, "%s is %lld (0x%llx), not %lld (0x%llx)", expression, (long long)actual,
                 (unsigned long long)actual, (long long)expected, (unsigned long long)expected);
  }
  return actual == expected;
}

int check_status(const char* file, int line, const char* expression, wl_status actual, wl_status expected) {
  if (actual != expected) {
    check_failed(file, line, "%s is %s, not %s", expression, wl_status_name(actual), wl_status_name(expected));
  }
  return actual == expected;
}

int check_contains(const char* file, int line, const char* actual, const char* part) {
  const int contained = strstr(actual, part) != NULL;
  if (!contained) check_failed(file, line, "\"%s\" does not contain \"%s\"", actual, part);
  return contained;
}

static void check_nothing_lives(void) {
  for (wl_kind kind = 1; kind <= WL_KIND_LAST; ++kind) {
    uint64_t live = 1;
    if (wl_live_count(kind, &live, NULL) != WL_STATUS_OK || live != 0) {
      check_failed(__FILE__, __LINE__, "the test leaves %llu live objects of kind %s", (unsigned long long)live,
                   wl_kind_name(kind));
    }
  }
}

/* Returns 1 if the test failed. */
static int run(const check_case* test) {
  const int before = failures;
  skipped = NULL;
  test->function();
  check_nothing_lives();
  if (failures != before) {
    printf("FAILED  %s\n", test->name);
  } else if (skipped != NULL) {
    printf("SKIPPED: %s (%s)\n", skipped, test->name);
  } else {
    printf("ok      %s\n", test->name);
  }
  fflush(stdout);
  return failures != before;
}

/* Runs the test that is named, or all. */
int main(int argc, char** argv) {
  int ran = 0;
  int failed = 0;
  for (int i = 0; i < case_count; ++i) {
    if (argc > 1 && strcmp(argv[1], cases[i].name) != 0) continue;
    ran += 1;
    failed += run(&cases[i]);
  }
  if (ran == 0) printf("FAILED: there is no test %s\n", argc > 1 ? argv[1] : "at all");
  printf("%d tests, %d failed\n", ran, failed);
  return ran == 0 || failed != 0 || failures != 0;
}
