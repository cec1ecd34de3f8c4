#include "slave/logic/status_update_stream.hpp"

#include <algorithm>
#include <utility>

#include "messages/task_state.hpp"

namespace troupe::agent {

StatusUpdateStream::Added StatusUpdateStream::check(
    const mesos::internal::StatusUpdate& update) const {
  if (known_.count(update.uuid()) != 0) {
    return Added::kDuplicate;
  }
  const bool full =
      pending_.size() >= kMaxPending || pending_bytes_ + update.ByteSizeLong() > kMaxPendingBytes;
  return full && !is_terminal(update.status().state()) ? Added::kFull : Added::kNew;
}

StatusUpdateStream::Added StatusUpdateStream::add(Update update) {
  const Added answer = check(*update);
  if (answer == Added::kNew) {
    known_.insert(update->uuid());
    pending_bytes_ += update->ByteSizeLong();
    pending_.push_back(std::move(update));
  }
  return answer;
}

StatusUpdateStream::Acknowledged StatusUpdateStream::acknowledge(const std::string& uuid) {
  if (pending_.empty() || pending_.front()->uuid() != uuid) {
    return Acknowledged::kNotHead;
  }
  const Update head = std::move(pending_.front());
  pending_.pop_front();
  pending_bytes_ -= head->ByteSizeLong();
  remember(uuid);
  restart_retries();
  return is_terminal(head->status().state()) ? Acknowledged::kLast : Acknowledged::kHead;
}

StatusUpdateStream::Update StatusUpdateStream::head() const {
  return pending_.empty() ? nullptr : pending_.front();
}

Duration StatusUpdateStream::next_retry() {
  const Duration wait = retry_;
  retry_ = std::min(retry_ * 2, Duration(kMaxRetry));
  return wait;
}

void StatusUpdateStream::remember(const std::string& uuid) {
  remembered_.push_back(uuid);
  if (remembered_.size() > kMaxRemembered) {
    known_.erase(remembered_.front());
    remembered_.pop_front();
  }
}

}  // namespace troupe::agent
