/* Each header compiles alone, first and twice, as pedantic C11. */
#include "windlass/device.h"
#include "windlass/lease.h"
#include "windlass/library.h"
#include "windlass/log.h"
#include "windlass/page_pool.h"
#include "windlass/region.h"
#include "windlass/status.h"
#include "windlass/store.h"
#include "windlass/tensor.h"
#include "windlass/volume.h"
#include "windlass/windlass.h"

#include "check.h"

const char* version_from_cpp(void);

_Static_assert(sizeof(wl_error) == 256, "wl_error is fixed for ever");
_Static_assert(sizeof(wl_device) == 8 && sizeof(wl_region) == 8 && sizeof(wl_volume) == 8 && sizeof(wl_store) == 8,
               "handles have 64 bits");
_Static_assert(sizeof(wl_status) == 4, "a status has 32 bits");

TEST(header, cAndCppCallTheSameLibrary) { CHECK(wl_version() == version_from_cpp()); }
