#pragma once

namespace troupe {

/// What this program was built from, as /version shows it. The date is that of the commit, so that
/// the same source gives the same program.
struct BuildInfo {
  const char* git_sha;  ///< empty if it was built outside of a repository
  double time;          ///< seconds since 1970; 0 if unknown
  const char* user;
};

const BuildInfo& build_info();

}  // namespace troupe
