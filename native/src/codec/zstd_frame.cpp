#include "codec/zstd_frame.hpp"

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "base/text.hpp"

namespace windlass {

namespace {

Status no_memory() {
  return Status::error(Code::kNoMemory, "no memory for zstd's work; free some memory, or use fewer threads");
}

Status decoding_failure(size_t result) {
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) return no_memory();
  return Status::error(Code::kCorrupt, text("a zstd frame is damaged: ", ZSTD_getErrorName(result)));
}

}  // namespace

void FrameEncoder::Free::operator()(ZSTD_CCtx_s* context) const noexcept { ZSTD_freeCCtx(context); }

void FrameDecoder::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

size_t FrameEncoder::bound(size_t bytes) noexcept { return ZSTD_compressBound(bytes); }

Result<size_t> FrameEncoder::encode(std::span<const std::byte> source, std::span<std::byte> target) {
  if (context_ == nullptr) {
    context_.reset(ZSTD_createCCtx());
    if (context_ == nullptr) return no_memory();
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level_)) != 0 ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1)) != 0) {
      context_.reset();
      return Status::error(Code::kInternal, text("zstd does not take level ", level_, "; please report it"));
    }
  }
  const size_t bytes = ZSTD_compress2(context_.get(), target.data(), target.size(), source.data(), source.size());
  if (ZSTD_isError(bytes) == 0) return bytes;
  if (ZSTD_getErrorCode(bytes) == ZSTD_error_memory_allocation) return no_memory();
  return Status::error(Code::kInternal,
                       text("zstd cannot compress a frame: ", ZSTD_getErrorName(bytes), "; please report it"));
}

std::unique_ptr<ZSTD_DCtx_s, FrameDecoder::Free> FrameDecoder::make_context(bool check) {
  std::unique_ptr<ZSTD_DCtx_s, Free> made(ZSTD_createDCtx());
  if (made != nullptr && !check) {
    // Should it not be known, the checksum is looked at, which is harmless.
    static_cast<void>(ZSTD_DCtx_setParameter(made.get(), ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum));
  }
  return made;
}

Status FrameDecoder::decode(std::span<const std::byte> source, std::span<std::byte> target) {
  if (context_ == nullptr) context_ = make_context(false);
  if (context_ == nullptr) return no_memory();
  if (ZSTD_findFrameCompressedSize(source.data(), source.size()) != source.size()) {
    return Status::error(Code::kCorrupt, "a zstd frame does not end where it should");
  }
  const size_t bytes = ZSTD_decompressDCtx(context_.get(), target.data(), target.size(), source.data(), source.size());
  if (ZSTD_isError(bytes) != 0) return decoding_failure(bytes);
  if (bytes == target.size()) return Status();
  return Status::error(Code::kCorrupt,
                       text("a zstd frame has ", bytes, " bytes of content, and should have ", target.size()));
}

Result<StreamDecoder::Step> StreamDecoder::decode(std::span<const std::byte> source, std::span<std::byte> target) {
  if (context_ == nullptr) context_ = FrameDecoder::make_context(true);
  if (context_ == nullptr) return no_memory();
  ZSTD_inBuffer in{source.data(), source.size(), 0};
  ZSTD_outBuffer out{target.data(), target.size(), 0};
  const size_t wanted = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(wanted) != 0) return decoding_failure(wanted);
  between_frames_ = wanted == 0 || (between_frames_ && in.pos == 0 && out.pos == 0);
  return Step{in.pos, out.pos};
}

}  // namespace windlass
