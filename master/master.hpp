#pragma once

#include <memory>

#include "actors/ports/files.hpp"
#include "actors/ports/registry_store.hpp"
#include "actors/runtime.hpp"
#include "master/options.hpp"

namespace troupe::master {

/// What a master needs from outside.
struct Ports {
  std::shared_ptr<RegistryStore> registry;  ///< null: memory
  std::shared_ptr<Files> files;             ///< null: no /files endpoints
};

/// Starts the actors of a master on `runtime`: `master` and those of DESIGN.md section 5. It leads
/// at once (standalone). Gives the Pid of `master`; when that ends, so do the others.
Pid spawn_master(Runtime& runtime, const Options& options, const Ports& ports);

}  // namespace troupe::master
