#pragma once

#include "cli/flags.hpp"
#include "master/options.hpp"

namespace troupe::cli {

/// Mesos's flags of a master, into `options` (mesos-semantics 0.1).
void add_master_flags(Flags& flags, master::Options* options);

}  // namespace troupe::cli
