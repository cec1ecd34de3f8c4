#pragma once

#include <map>
#include <string>

#include "actors/ports/files.hpp"

namespace troupe {

/// Adds what the machine says of itself: `system/cpus_total`, `system/load_1min` (5min, 15min),
/// `system/mem_total_bytes`, `system/mem_free_bytes`. What cannot be read is left out.
/// Source: proc(5).
void add_system_metrics(Files& files, std::map<std::string, double>* metrics);

}  // namespace troupe
