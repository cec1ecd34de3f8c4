#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster.hpp"

namespace troupe::integration {
namespace {

using ::testing::HasSubstr;

TEST(Quickstart, CountsWordsWithinFifteenSecondsOnceBuilt) {
  // The script itself, from where the programs are there, with those of this build.
  const std::string script =
      "set -euo pipefail; cd " TROUPE_SOURCE
      "; sed -n '/^bin=/,$p' scripts/quickstart | sed 's#^bin=.*#bin=" TROUPE_BIN
      "#' > \"$0\"; grep -q ^bin= \"$0\"; exec bash -euo pipefail \"$0\"";
  const Scratch scratch;
  const auto begin = std::chrono::steady_clock::now();
  const auto finished = run({"bash", "-c", script, scratch / "quickstart"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  EXPECT_THAT(finished.out, HasSubstr("three agents"));
  EXPECT_THAT(finished.out, HasSubstr(" the\n"));
}

}  // namespace
}  // namespace troupe::integration
