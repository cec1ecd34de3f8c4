#pragma once

#include <string>

#include "actors/process.hpp"

namespace troupe {

class Metrics;

/// Shows what waits in the mailbox of `process`: <prefix>event_queue_messages, _http_requests and
/// _dispatches (mesos-semantics 9.5).
void show_queue(Metrics& metrics, const std::string& prefix, const ProcessRef& process);

}  // namespace troupe
