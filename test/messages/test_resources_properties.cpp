// Laws of Resources over random bundles; a failure prints its seed.

#include <algorithm>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "messages/random.hpp"
#include "messages/resources.hpp"
#include "test/messages/resource_builders.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;

constexpr std::uint64_t kSeeds = 400;

std::string any_value(const std::string& name, Random& random) {
  if (name == "ports") {
    const auto begin = random.below(20);
    const auto next = begin + random.below(5);
    return "[" + std::to_string(next + 3) + "-" + std::to_string(next + 3 + random.below(4)) + "," +
           std::to_string(begin) + "-" + std::to_string(next) + "]";
  }
  if (name == "zones") {
    static const char* const kSets[] = {"{a}", "{b,a}", "{c}", "{a,b,c}", "{d,b}"};
    return kSets[random.below(5)];
  }
  return std::to_string(random.below(5000)) + "e-3";
}

Resource any_reservation(Resource resource, Random& random) {
  switch (random.below(5)) {
    case 0:
      return reserved_for("eng", std::move(resource));
    case 1:
      return reserved_for("eng", std::move(resource), "alice");
    case 2:
      return reserved_for("eng/web", reserved_for("eng", std::move(resource)));
    default:
      return resource;
  }
}

Resource any_resource(Random& random) {
  static const char* const kNames[] = {"cpus", "mem", "ports", "zones"};
  const std::string name = kNames[random.below(4)];
  auto resource = any_reservation(*Resources::parse_value(name, any_value(name, random)), random);
  if (resource.reservations_size() == 0 && random.below(4) == 0) {
    resource.mutable_revocable();
  }
  return resource;
}

Resources any_bundle(Random& random) {
  Resources bundle;
  for (auto count = random.below(6); count > 0; --count) {
    bundle += any_resource(random);
  }
  return bundle;
}

/// A bundle with volumes, some of them shared and there more than once.
Resources any_with_volumes(Random& random) {
  Resources bundle = any_bundle(random);
  for (auto count = random.below(5); count > 0; --count) {
    const std::string id(1, static_cast<char>('a' + random.below(3)));
    bundle += random.below(2) == 0 ? shared_volume("s" + id, 8) : volume("v" + id, 4);
  }
  return bundle;
}

/// Ranges and sets unite: only what does not overlap comes back when one is taken again.
Resources only_scalars(const Resources& bundle) { return bundle.scalars(); }

template <class Law>
void for_all_seeds(Law law) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    law(random);
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(ResourcesLaws, AdditionIsCommutativeAndAssociative) {
  for_all_seeds([](Random& random) {
    const auto a = any_with_volumes(random);
    const auto b = any_with_volumes(random);
    const auto c = any_with_volumes(random);
    EXPECT_EQ(a + b, b + a) << a << " | " << b;
    EXPECT_EQ((a + b) + c, a + (b + c)) << a << " | " << b << " | " << c;
    EXPECT_EQ((a + b).quantities(), (b + a).quantities());
  });
}

TEST(ResourcesLaws, ASumContainsItsParts) {
  for_all_seeds([](Random& random) {
    const auto a = any_with_volumes(random);
    const auto b = any_with_volumes(random);
    EXPECT_TRUE((a + b).contains(a)) << a << " | " << b;
    EXPECT_TRUE((a + b).contains(b)) << a << " | " << b;
    EXPECT_TRUE(a.contains(Resources()));
    EXPECT_EQ(Resources().contains(a), a.empty());
  });
}

TEST(ResourcesLaws, SubtractionUndoesAddition) {
  for_all_seeds([](Random& random) {
    const auto a = only_scalars(any_with_volumes(random));
    const auto b = only_scalars(any_with_volumes(random));
    EXPECT_EQ((a + b) - b, a) << a << " | " << b;
    EXPECT_TRUE((a + b - a - b).empty()) << a << " | " << b;
  });
}

TEST(ResourcesLaws, AdditionUndoesSubtractionOfWhatIsContained) {
  for_all_seeds([](Random& random) {
    const auto whole = any_with_volumes(random);
    const auto part = any_bundle(random);
    if (whole.contains(part)) {
      EXPECT_EQ((whole - part) + part, whole) << whole << " | " << part;
    }
    const auto some = whole.filter([&random](const Resource&) { return random.below(2) == 0; });
    EXPECT_TRUE(whole.contains(some));
    EXPECT_EQ((whole - some) + some, whole) << whole << " | " << some;
  });
}

TEST(ResourcesLaws, WhatIsTakenIsNoLongerThere) {
  for_all_seeds([](Random& random) {
    const auto a = any_bundle(random);
    const auto b = any_bundle(random);
    const auto left = a - b;
    EXPECT_TRUE(a.contains(left)) << a << " | " << b;
    EXPECT_EQ(left.quantities().contains(a.quantities()), a.quantities() == left.quantities());
    for (const auto& taken : b) {
      if (taken.type() != mesos::v1::Value::SCALAR) {
        EXPECT_FALSE(left.contains(taken)) << a << " | " << b;
      }
    }
  });
}

TEST(ResourcesLaws, FormatsAndListsKeepTheBundle) {
  for_all_seeds([](Random& random) {
    const auto bundle = any_with_volumes(random);
    Resources::Protos protos;
    bundle.to(&protos);
    EXPECT_TRUE(Resources::validate(protos).ok());
    EXPECT_EQ(Resources(protos), bundle);
    if (Resources::downgrade(&protos).ok()) {
      EXPECT_TRUE(Resources::validate(protos).ok());
      EXPECT_EQ(Resources(protos), bundle) << bundle;
      Resources::upgrade(&protos);
      EXPECT_EQ(Resources(protos), bundle) << bundle;
    }
  });
}

TEST(ResourcesLaws, AllocationKeepsTheBundle) {
  for_all_seeds([](Random& random) {
    const auto a = any_with_volumes(random);
    const auto b = any_with_volumes(random);
    EXPECT_EQ(a.allocated_to("x").unallocated(), a);
    EXPECT_EQ(a.allocated_to("x").quantities(), a.quantities());
    EXPECT_EQ((a + b).allocated_to("x"), a.allocated_to("x") + b.allocated_to("x"));
    Resources sum;
    for (const auto& [role, part] : (a.allocated_to("x") + b.allocated_to("y")).allocations()) {
      EXPECT_EQ(part, part.allocated_to(role));
      sum += part.unallocated();
    }
    EXPECT_EQ(sum, a + b);
  });
}

TEST(ResourcesLaws, PartsMakeTheWhole) {
  for_all_seeds([](Random& random) {
    const auto all = any_with_volumes(random);
    EXPECT_EQ(all.shared() + all.non_shared(), all);
    EXPECT_EQ(all.revocable() + all.non_revocable(), all);
    EXPECT_EQ(all.reserved() + all.unreserved(), all);
    EXPECT_TRUE(all.allocatable_to("eng/web/x").contains(all));
  });
}

/// Ranges against the plain set of their numbers.
TEST(ResourcesLaws, RangesBehaveAsSetsOfNumbers) {
  for_all_seeds([](Random& random) {
    const auto draw = [&random](std::set<std::uint64_t>* numbers) {
      std::string text;
      for (std::uint64_t n = 0; n < 24; ++n) {
        if (random.below(2) == 0) {
          numbers->insert(n);
          text += (text.empty() ? "" : ",") + std::to_string(n) + "-" + std::to_string(n);
        }
      }
      return resources("ports:[" + text + "]");
    };
    const auto numbers_of = [](const Resources& bundle) {
      std::set<std::uint64_t> numbers;
      const auto ranges = bundle.ranges("ports");
      for (const auto& range : ranges.range()) {
        for (auto n = range.begin(); n <= range.end(); ++n) {
          numbers.insert(n);
        }
      }
      return numbers;
    };
    std::set<std::uint64_t> x;
    std::set<std::uint64_t> y;
    const auto a = draw(&x);
    const auto b = draw(&y);
    std::set<std::uint64_t> both = x;
    both.insert(y.begin(), y.end());
    std::set<std::uint64_t> left;
    std::set_difference(x.begin(), x.end(), y.begin(), y.end(), std::inserter(left, left.end()));
    EXPECT_EQ(numbers_of(a), x);
    EXPECT_EQ(numbers_of(a + b), both);
    EXPECT_EQ(numbers_of(a - b), left);
    EXPECT_EQ(a.contains(b), std::includes(x.begin(), x.end(), y.begin(), y.end()));
  });
}

}  // namespace
}  // namespace troupe
