/* The layouts of offers and plans. */
#include "layouts.h"
#include "windlass/windlass.h"

void print_offer(void) {
  STRUCT(wl_offer_options);
  FIELD(wl_offer_options, struct_size);
  FIELD(wl_offer_options, region_count);
  FIELD(wl_offer_options, regions);
  FIELD(wl_offer_options, publish);
  FIELD(wl_offer_options, pause_timeout_ns);
  STRUCT(wl_offer_info);
  FIELD(wl_offer_info, struct_size);
  FIELD(wl_offer_info, state);
  FIELD(wl_offer_info, version);
  FIELD(wl_offer_info, values);
  FIELD(wl_offer_info, bytes);
  FIELD(wl_offer_info, published);
  FIELD(wl_offer_info, readers);
  FIELD(wl_offer_info, taken_back);
  STRUCT(wl_pull_item);
  FIELD(wl_pull_item, key);
  FIELD(wl_pull_item, key_bytes);
  FIELD(wl_pull_item, kind);
  FIELD(wl_pull_item, dtype);
  FIELD(wl_pull_item, rank);
  FIELD(wl_pull_item, reserved);
  FIELD(wl_pull_item, offsets);
  FIELD(wl_pull_item, shape);
  FIELD(wl_pull_item, target);
  FIELD(wl_pull_item, bytes);
  STRUCT(wl_pull_report);
  FIELD(wl_pull_report, struct_size);
  FIELD(wl_pull_report, transport);
  FIELD(wl_pull_report, version);
  FIELD(wl_pull_report, bytes);
  FIELD(wl_pull_report, lease_ns);
  FIELD(wl_pull_report, plan_ns);
  FIELD(wl_pull_report, move_ns);
  FIELD(wl_pull_report, planned);
  FIELD(wl_pull_report, reused);
}
