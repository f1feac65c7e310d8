/* The header is plain C. */
#include "windlass/preload.h"

int header_c_includes_preload(void);
int header_c_includes_preload(void) { return (int)sizeof(wl_preload_scope_options) + WL_PRELOAD_BACKUP_FILE; }
