/* How a struct and its fields are printed; and what layouts.c has printed elsewhere. */
#ifndef WINDLASS_TESTS_CAPI_LAYOUTS_H
#define WINDLASS_TESTS_CAPI_LAYOUTS_H

#include <stddef.h>
#include <stdio.h>

#define STRUCT(type) printf("struct %s size %zu align %zu\n", #type, sizeof(type), _Alignof(type))
#define FIELD(type, field) \
  printf("field %s %s offset %zu size %zu\n", #type, #field, offsetof(type, field), sizeof(((type*)0)->field))

void print_archive(void);
void print_device(void);
void print_offer(void);
void print_rdma(void);

#endif
