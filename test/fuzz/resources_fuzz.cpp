// Resources as flags and frameworks give them: text, JSON, and the arithmetic on what was taken.

#include <string>

#include "messages/invariant.hpp"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"
#include "test/fuzz/fuzz.hpp"

namespace troupe::fuzz {
namespace {

void check_resources(const Resources& resources) {
  Resources::Protos protos;
  for (const auto& resource : resources) {
    *protos.Add() = resource;
  }
  const auto valid = Resources::validate(protos);
  INVARIANT(valid.ok()) << valid.error().message;
  INVARIANT(resources.contains(resources)) << resources;
  auto none = resources;
  none -= resources;
  INVARIANT(none.empty()) << resources << " less itself is " << none;
  if (Resources::downgrade(&protos).ok()) {
    Resources::upgrade(&protos);
    INVARIANT(Resources(protos) == resources) << resources;
  }
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;        // NOLINT(google-build-using-namespace): a target's own.
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace): a target's own.
  Input input(data, size);
  const std::string role = input.choose(2) == 0 ? "*" : "eng/dev";
  const auto resources = Resources::parse(input.rest(), role);
  if (resources) {
    check_resources(*resources);
  } else {
    INVARIANT(!resources.error().message.empty());
  }
  return 0;
}
