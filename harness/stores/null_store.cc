// NullStore: takes everything, keeps nothing, finds every key. What a trial of it measures is the
// harness itself.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

// What every Get finds: as long as the values of most workloads.
constexpr size_t kAnswerBytes = 100;

class NullStore final : public Store {
 public:
  Status Put(std::string_view, std::string_view) override { return {}; }
  Status Delete(std::string_view) override { return {}; }
  Result<bool> Get(std::string_view, std::string* value) override {
    // To copy an answer would be the work of a store: it is there from the call before.
    if (value->size() != kAnswerBytes) value->assign(answer_);
    return true;
  }
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    if (visit != nullptr && count > 0) visit(start, answer_);
    return count > 0 ? 1 : 0;
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    return Scan(start, count, visit);
  }
  Status DeleteRange(std::string_view, std::string_view) override { return {}; }
  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>>) override {
    return {};
  }
  Status Settle() override { return {}; }
  Status Sync() override { return {}; }
  StoreState State() const override { return {}; }
  std::vector<SettingText> SettingsUsed() const override { return {{"durability", "none"}}; }
  std::vector<std::string> Caveats() const override { return {}; }

 private:
  const std::string answer_ = std::string(kAnswerBytes, 'x');
};

}  // namespace

Result<std::unique_ptr<Store>> OpenNullStore(const StoreOptions&) {
  return std::unique_ptr<Store>(std::make_unique<NullStore>());
}

}  // namespace varve::harness
