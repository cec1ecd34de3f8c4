#include "slave/switchboard.hpp"

#include <algorithm>
#include <utility>

namespace troupe::agent {

void Switchboard::open(OutputClient client) {
  client_ = std::move(client);
  awaits_client_ = false;
  if (const auto held = std::exchange(held_, std::nullopt)) {
    pass_on(*held);
  }
}

void Switchboard::abandon() {
  client_.reset();
  awaits_client_ = false;
  if (const auto held = std::exchange(held_, std::nullopt)) {
    pass_on(*held);
  }
}

void Switchboard::deliver(ContainerIo::Stream from, const std::string& bytes,
                          std::function<void()> taken) {
  Part part{from, bytes, std::move(taken)};
  if (awaits_client_) {
    held_ = std::move(part);
  } else {
    pass_on(part);
  }
}

void Switchboard::pass_on(const Part& part) {
  if (part.bytes.empty()) {
    output_ended_ = true;
    end_if_over();
    return;
  }
  attached_.erase(std::remove_if(attached_.begin(), attached_.end(),
                                 [&part](const OutputClient& client) {
                                   return !client.write(part.from, part.bytes);
                                 }),
                  attached_.end());
  if (client_ && client_->write(part.from, part.bytes)) {
    client_->on_drained(part.taken);
  } else {
    part.taken();
  }
}

void Switchboard::container_ended() {
  container_ended_ = true;
  end_if_over();
}

void Switchboard::end_if_over() {
  if (!output_ended_ || !container_ended_ || std::exchange(ended_, true)) {
    return;
  }
  for (const OutputClient& client : std::exchange(attached_, {})) {
    client.close();
  }
  if (client_) {
    client_->close();
  }
}

void Switchboard::heartbeat(Duration interval) {
  if (client_) {
    client_->heartbeat(interval);
  }
  for (const OutputClient& client : attached_) {
    client.heartbeat(interval);
  }
}

}  // namespace troupe::agent
