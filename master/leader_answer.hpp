#pragma once

#include <optional>
#include <string>

#include "actors/http.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/mesos.pb.h"

/// What a master answers while it is not the one to answer (mesos-semantics 2.1, 2.4). Pure.
/// Threads: any.
namespace troupe::master {

struct Leadership {
  const mesos::v1::MasterInfo* leader = nullptr;  ///< who leads; null if that is not known
  bool leading = false;                           ///< it is this master
  bool recovered = false;                         ///< this master leads, and has read its registry
};
/// Refers into the state.
Leadership leadership_of(const State& state);

/// nullopt: this master answers. Else
///
///     another leads               307 to the same path there, without a scheme
///     nobody leads                503 "No leader elected"
///     it leads, not recovered     503
std::optional<http::Response> refuse_unless_leading(const Leadership& leadership,
                                                    const std::string& path);

}  // namespace troupe::master
