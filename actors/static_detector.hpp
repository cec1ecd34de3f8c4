#pragma once

#include "actors/ports/detector.hpp"
#include "messages/pid.hpp"

namespace troupe {

/// A master at a fixed address, `--master=host:port` (mesos-semantics 4.2): always there, no
/// capabilities known. Threads: any.
class StaticDetector final : public MasterDetector {
 public:
  explicit StaticDetector(const Address& master);
  void detect(Changed changed) override;

 private:
  mesos::v1::MasterInfo info_;
};

/// The MasterInfo of a master at that address, as its id and Pid say.
mesos::v1::MasterInfo make_master_info(const std::string& id, const Address& address,
                                       const std::string& hostname);

}  // namespace troupe
