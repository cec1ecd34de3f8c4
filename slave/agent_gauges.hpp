#pragma once

#include <memory>

#include "actors/ports/fetcher.hpp"
#include "actors/process.hpp"

namespace troupe {
class Metrics;
}

namespace troupe::agent {

struct Options;

/// Gauges of an agent that are read when they are asked for: what waits in its mailbox, and what
/// its fetcher did. They keep neither of them alive.
void show_gauges(Metrics& metrics, const ProcessRef& agent,
                 const std::shared_ptr<Fetcher>& fetcher);

/// How old a sandbox may get while the part `disk_usage` of the disk is in use.
void show_garbage_age(Metrics& metrics, const Options& options, double disk_usage);

}  // namespace troupe::agent
