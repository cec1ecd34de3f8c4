#pragma once

#include "master/options.hpp"
#include "messages/random.hpp"
#include "messages/time.hpp"

namespace troupe::master {

/// What a handler may know beside the state and the message: the only clock and the only chance of
/// the master's logic. Threads: lives for one turn.
struct Context {
  Time now;
  const Options& options;
  Random& random;
};

}  // namespace troupe::master
