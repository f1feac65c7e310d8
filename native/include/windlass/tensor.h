/*
 * Tensors: what a value in a store can be beside plain bytes.
 */
#ifndef WINDLASS_TENSOR_H
#define WINDLASS_TENSOR_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t wl_entry_kind;
enum { WL_ENTRY_BYTES = 0, WL_ENTRY_TENSOR = 1 };

typedef int32_t wl_dtype;
enum {
  WL_DTYPE_NONE = 0, /* of bytes */
  WL_DTYPE_BOOL = 1,
  WL_DTYPE_U8 = 2,
  WL_DTYPE_I8 = 3,
  WL_DTYPE_U16 = 4,
  WL_DTYPE_I16 = 5,
  WL_DTYPE_U32 = 6,
  WL_DTYPE_I32 = 7,
  WL_DTYPE_U64 = 8,
  WL_DTYPE_I64 = 9,
  WL_DTYPE_F16 = 10,
  WL_DTYPE_BF16 = 11,
  WL_DTYPE_F32 = 12,
  WL_DTYPE_F64 = 13,
  WL_DTYPE_F8_E4M3 = 14,
  WL_DTYPE_F8_E5M2 = 15,
  WL_DTYPE_C64 = 16, /* two F32 */
  WL_DTYPE_I4 = 17,  /* two to a byte, the first in the low half; a last one alone has a byte */
  WL_DTYPE_U4 = 18
};
enum { WL_MAX_RANK = 16 };

/* The whole, and which part of it a shard is. Arrays of as many as the ranks say. */
typedef struct wl_slice {
  uint32_t rank;      /* of the tensor */
  uint32_t mesh_rank; /* of the mesh of writers */
  const uint64_t* global_shape;
  const uint64_t* offsets; /* where this shard begins */
  const uint64_t* mesh_shape;
  const uint64_t* coordinates; /* this writer's in the mesh */
} wl_slice;

#ifdef __cplusplus
}
#endif

#endif
