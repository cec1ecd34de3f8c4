#include "messages/build_info.hpp"

namespace troupe {

const BuildInfo& build_info() {
  // From messages/CMakeLists.txt.
  static constexpr BuildInfo info = {TROUPE_GIT_SHA, TROUPE_COMMIT_TIME, TROUPE_BUILD_USER};
  return info;
}

}  // namespace troupe
