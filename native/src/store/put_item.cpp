#include "store/put_item.hpp"

#include "base/text.hpp"
#include "store/dtype.hpp"

namespace windlass {

Status invalid_item(const PutItem& item, std::string_view why) {
  return Status::error(Code::kInvalidArgument, text("put of '", item.key.substr(0, 200), "': ", why));
}

namespace {

Status check_kind(const PutItem& item) {
  if (item.meta.kind == EntryKind::kBytes) {
    if (item.meta.dtype != 0 || item.meta.shape.rank != 0)
      return invalid_item(item, "plain bytes have no type and shape");
    return item.slice == nullptr ? Status() : invalid_item(item, "a slice of plain bytes; put a tensor");
  }
  if (item.meta.kind != EntryKind::kTensor) {
    return invalid_item(item, text("no kind of value has number ", static_cast<int32_t>(item.meta.kind)));
  }
  Result<DType> dtype = dtype_of(item.meta.dtype);
  if (!dtype.ok()) return dtype.status().with_prefix(text("put of '", item.key.substr(0, 200), "'"));
  if (*dtype == DType::kNone) return invalid_item(item, "a tensor without an element type; say which");
  if (item.meta.shape.rank > kMaxRank) {
    return invalid_item(item, text("a rank of ", item.meta.shape.rank, "; at most ", kMaxRank));
  }
  Result<uint64_t> bytes = packed_bytes(*dtype, item.meta.shape);
  if (!bytes.ok()) return bytes.status().with_prefix(text("put of '", item.key.substr(0, 200), "'"));
  if (*bytes == item.bytes) return Status();
  return invalid_item(item, text(Box::whole(item.meta.shape).to_string(), " of ", dtype_name(*dtype), " takes ", *bytes,
                                 " bytes, not ", item.bytes));
}

}  // namespace

Status check_put_item(const PutItem& item) {
  if (item.key.empty()) return Status::error(Code::kInvalidArgument, "put: an empty key; name the value");
  if (item.key.size() > kMaxKeyBytes) {
    return invalid_item(item, text("a key of ", item.key.size(), " bytes; at most ", kMaxKeyBytes));
  }
  if (Status valid = check_kind(item); !valid.ok()) return valid;
  const uint64_t most_attributes = kMaxAttributesBytes - (item.slice != nullptr ? kMaxSliceBytes : 0);
  if (item.meta.attributes.size() > most_attributes) {
    return invalid_item(item, text("attributes of ", item.meta.attributes.size(), " bytes; at most ", most_attributes));
  }
  if (item.slice == nullptr) return Status();
  return check_slice(*item.slice, item.meta.shape).with_prefix(text("put of '", item.key.substr(0, 200), "'"));
}

}  // namespace windlass
