#pragma once

#include <string>

namespace troupe {

/// How the names of metrics spell an enumerator: as v0 has it, in small letters
/// (REASON_AGENT_REMOVED is "reason_slave_removed"). Source: mesos-semantics 9.5.
std::string metric_spelling(const std::string& enumerator);

}  // namespace troupe
