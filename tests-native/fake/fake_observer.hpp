// An observer of pages that writes down what it is told, and refuses on demand.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "device/allocation_table.hpp"

namespace windlass::fake {

class FakeObserver final : public PageObserver {
 public:
  // story may be null.
  FakeObserver(std::string name, std::vector<std::string>* story) : name_(std::move(name)), story_(story) {}

  void refuse(const std::string& reason) { reason_ = reason; }
  void agree() { reason_.clear(); }

  std::string_view name() const noexcept override { return name_; }

  Status before_release(const Pages& pages) override {
    if (!reason_.empty()) {
      tell(name_ + " refuses");
      return Status::error(Code::kState, reason_);
    }
    tell(text(name_, " goes at ", pages.generation));
    return Status();
  }

  void after_return(const Pages& pages) noexcept override { tell(text(name_, " back at ", pages.generation)); }

 private:
  void tell(std::string line) {
    if (story_ != nullptr) story_->push_back(std::move(line));
  }

  std::string name_;
  std::vector<std::string>* story_;
  std::string reason_;
};

}  // namespace windlass::fake
