#include "master/logic/principal_messages.hpp"

namespace troupe::master {

std::shared_ptr<MessageCounters> messages_of_principal(const State& state,
                                                       const mesos::v1::FrameworkInfo& info) {
  if (!info.has_principal()) {
    return nullptr;
  }
  for (const Framework& framework : state.frameworks) {
    if (framework.messages_of_principal && framework.info->principal() == info.principal()) {
      return framework.messages_of_principal;
    }
  }
  return std::make_shared<MessageCounters>();
}

}  // namespace troupe::master
