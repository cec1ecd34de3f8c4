#include "messages/json_dialect.hpp"

#include <array>
#include <utility>

namespace troupe::json {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;  // v1, v0

constexpr std::array<Pair, 2> kFields = {{{"agent_id", "slave_id"}, {"agent_ids", "slave_ids"}}};
constexpr std::array<Pair, 2> kPrefixes = {
    {{"SOURCE_AGENT", "SOURCE_SLAVE"}, {"REASON_AGENT_", "REASON_SLAVE_"}}};

/// `name` with its first characters replaced, if they are `from`.
std::string replace_prefix(const std::string& name, std::string_view from, std::string_view to) {
  if (name.compare(0, from.size(), from) != 0) {
    return name;
  }
  return std::string(to).append(name, from.size());
}

}  // namespace

std::string_view v0_field(std::string_view name) {
  for (const auto& [v1, v0] : kFields) {
    if (name == v1) {
      return v0;
    }
  }
  return name;
}

std::string_view v1_field(std::string_view name) {
  for (const auto& [v1, v0] : kFields) {
    if (name == v0) {
      return v1;
    }
  }
  return name;
}

std::string v0_enumerator(const std::string& name) {
  return replace_prefix(replace_prefix(name, kPrefixes[0].first, kPrefixes[0].second),
                        kPrefixes[1].first, kPrefixes[1].second);
}

std::string v1_enumerator(const std::string& name) {
  return replace_prefix(replace_prefix(name, kPrefixes[0].second, kPrefixes[0].first),
                        kPrefixes[1].second, kPrefixes[1].first);
}

}  // namespace troupe::json
