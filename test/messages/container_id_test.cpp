#include "messages/container_id.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace troupe {
namespace {

mesos::v1::ContainerID chain(const std::vector<std::string>& outermost_first) {
  mesos::v1::ContainerID id;
  for (const auto& value : outermost_first) {
    mesos::v1::ContainerID inner;
    inner.set_value(value);
    if (id.has_value()) {
      *inner.mutable_parent() = id;
    }
    id = inner;
  }
  return id;
}

TEST(ContainerIds, OfAChainAreFlatAndBack) {
  const auto id = chain({"root", "child", "grandchild"});
  const auto flat = flat_container_id(id);
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(*flat, ContainerId("root.child.grandchild"));
  EXPECT_EQ(nested_container_id(*flat).SerializeAsString(), id.SerializeAsString());
  EXPECT_EQ(parent_of(*flat), ContainerId("root.child"));
  EXPECT_EQ(root_of(*flat), ContainerId("root"));
}

TEST(ContainerIds, WithoutAParentAreTheirOwnRoot) {
  const ContainerId id("root");
  EXPECT_EQ(parent_of(id), std::nullopt);
  EXPECT_EQ(root_of(id), id);
  EXPECT_FALSE(nested_container_id(id).has_parent());
}

TEST(ContainerIds, ThatCouldLeadElsewhereAreRefused) {
  for (const std::string value : {"", ".", "..", "a.b", "a/b", "a b", "a\nb"}) {
    const auto refused = flat_container_id(chain({"root", value}));
    ASSERT_FALSE(refused.ok()) << value;
    EXPECT_NE(refused.error().message.find("'" + value + "'"), std::string::npos);
    EXPECT_FALSE(flat_container_id(chain({value, "child"})).ok()) << value;
  }
}

TEST(ContainerIds, AreNoLongerThanAFileNameCanBe) {
  const std::string half(kMaxContainerIdLength / 2, 'a');
  EXPECT_TRUE(flat_container_id(chain({half, half.substr(1)})).ok());
  EXPECT_FALSE(flat_container_id(chain({half, half})).ok());
}

}  // namespace
}  // namespace troupe
