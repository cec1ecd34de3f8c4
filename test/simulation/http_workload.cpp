#include "test/simulation/http_workload.hpp"

#include <utility>

#include "messages/resources.hpp"
#include "messages/task_state.hpp"

namespace troupe::sim {
namespace {

using namespace std::chrono_literals;

const Resources kTask = *Resources::parse("cpus:0.5;mem:64");

/// Accepted; or too late, as another stream or another master is there by now; or not yet, while
/// that reads its registry.
bool is_expected(int status) {
  return status == 202 || status == 400 || status == 403 || status == 503;
}

}  // namespace

HttpBatch::HttpBatch(std::string name, std::size_t tasks, http::Encoding encoding)
    : name_(std::move(name)), encoding_(encoding), tasks_(tasks) {
  for (std::size_t i = 0; i < tasks; ++i) {
    waiting_.insert(i);
  }
}

// -- the connection ---------------------------------------------------------------------

void HttpBatch::step(Simulation& simulation, Runtime& master) {
  simulation_ = &simulation;
  master_ = &master;
  check_answers();
  if (left_) {
    return;
  }
  if (!stream_ || stream_->ended()) {
    subscribe();
  }
  if (stream_) {
    for (const Event& event : stream_->read()) {
      on_event(event);
    }
  }
  if (stream_ && !stream_->id().empty()) {
    if (finished_.size() == tasks_) {
      leave();
    } else if (simulation.now() >= next_question_) {
      ask();
    }
  }
}

void HttpBatch::subscribe() {
  if (stream_) {  // What it said at its end counts: that the framework was removed.
    for (const Event& event : stream_->read()) {
      on_event(event);
    }
    stream_.reset();
  }
  if (simulation_->now() < next_subscription_) {
    return;
  }
  next_subscription_ = simulation_->now() + 1s;
  Call call;
  call.set_type(Call::SUBSCRIBE);
  auto* info = call.mutable_subscribe()->mutable_framework_info();
  info->set_user("nobody");
  info->set_name(name_);
  info->set_failover_timeout(120);
  if (!id_.empty()) {
    call.mutable_framework_id()->set_value(id_);
    *info->mutable_id() = call.framework_id();
  }
  stream_.emplace(encoding_, simulation_->ask(*master_, test::scheduler_request(encoding_, call)));
}

void HttpBatch::lose_stream(Loss loss) {
  if (stream_ && loss == Loss::kBroken) {
    stream_->hang_up();
  }
  stream_.reset();  // Maybe it goes on, and the next one takes over.
}

std::shared_ptr<SimulatedAnswer> HttpBatch::call(Call call) {
  call.mutable_framework_id()->set_value(id_);
  auto answer = simulation_->ask(*master_, test::scheduler_request(encoding_, call, stream_->id()));
  answers_.push_back(answer);
  return answer;
}

void HttpBatch::check_answers() {
  while (!answers_.empty() && answers_.front()->response) {
    const int status = answers_.front()->response->status;
    // 500: a master that crashed before it answered.
    if (!is_expected(status) && status != 500) {
      complaint_ = name_ + ": a call was answered with " + std::to_string(status) + " " +
                   answers_.front()->response->body;
    }
    answers_.pop_front();
  }
  while (answers_.size() > 100) {
    answers_.pop_front();  // Nobody will answer them.
  }
  if (teardown_ && teardown_->response) {
    left_ = teardown_->response->status == 202;
    teardown_ = nullptr;
  }
}

void HttpBatch::leave() {
  if (!teardown_) {
    Call teardown;
    teardown.set_type(Call::TEARDOWN);
    teardown_ = call(std::move(teardown));
  }
}

// -- what it hears ----------------------------------------------------------------------

void HttpBatch::on_event(const Event& event) {
  switch (event.type()) {
    case Event::SUBSCRIBED:
      id_ = event.subscribed().framework_id().value();
      teardown_ = nullptr;
      next_question_ = simulation_->now();
      return;
    case Event::OFFERS:
      for (const auto& offer : event.offers().offers()) {
        on_offer(offer);
      }
      return;
    case Event::UPDATE:
      return on_update(event.update().status());
    case Event::ERROR:
      if (event.error().message() == "Framework has been removed") {
        start_anew();
      } else if (event.error().message() != "Framework failed over") {
        complaint_ = name_ + ": " + event.error().message();
      }
      return;
    default:
      return;
  }
}

void HttpBatch::on_offer(const mesos::v1::Offer& offer) {
  Call accept;
  accept.set_type(Call::ACCEPT);
  *accept.mutable_accept()->add_offer_ids() = offer.id();
  Resources free(offer.resources());
  auto* operation = accept.mutable_accept()->add_operations();
  operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
  while (!waiting_.empty() && free.contains(kTask)) {
    free -= kTask;
    *operation->mutable_launch()->add_task_infos() = make_task(offer);
  }
  if (operation->launch().task_infos().empty()) {
    Call decline;
    decline.set_type(Call::DECLINE);
    *decline.mutable_decline()->add_offer_ids() = offer.id();
    call(std::move(decline));
  } else {
    call(std::move(accept));
  }
}

mesos::v1::TaskInfo HttpBatch::make_task(const mesos::v1::Offer& offer) {
  const std::size_t task = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  const std::string id = name_ + "-" + std::to_string(task) + "-" + std::to_string(++attempts_);
  running_[id] = {task, simulation_->now()};
  mesos::v1::TaskInfo info;
  info.set_name(id);
  info.mutable_task_id()->set_value(id);
  *info.mutable_agent_id() = offer.agent_id();
  kTask.to(info.mutable_resources());
  // The id makes the command line unique, so that machines can count starts of a task.
  Random& random = simulation_->random();
  info.mutable_command()->set_value("run " + std::to_string(0.1 + 5 * random.uniform()) + " " +
                                    (random.below(10) == 0 ? "1" : "0") + " " + id);
  return info;
}

void HttpBatch::on_update(const mesos::v1::TaskStatus& status) {
  if (status.has_uuid()) {
    Call acknowledge;
    acknowledge.set_type(Call::ACKNOWLEDGE);
    *acknowledge.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
    *acknowledge.mutable_acknowledge()->mutable_task_id() = status.task_id();
    acknowledge.mutable_acknowledge()->set_uuid(status.uuid());
    call(std::move(acknowledge));
  }
  remember(status);
  const auto found = running_.find(status.task_id().value());
  if (found == running_.end() ||
      !(frees_resources(status.state()) || status.state() == mesos::v1::TASK_UNKNOWN)) {
    return;
  }
  const std::size_t task = found->second.task;
  running_.erase(found);
  if (status.state() == mesos::v1::TASK_FINISHED) {
    finished_.insert(task);
  } else if (finished_.count(task) == 0) {
    waiting_.insert(task);
  }
}

/// An attempt ends one way. What a master only guessed (LOST) may yet turn out to have ended.
void HttpBatch::remember(const mesos::v1::TaskStatus& status) {
  if (!is_terminal(status.state()) || status.source() != mesos::v1::TaskStatus::SOURCE_EXECUTOR) {
    return;
  }
  const auto [known, first] = ended_.emplace(status.task_id().value(), status.state());
  if (!first && known->second != status.state()) {
    complaint_ = "task " + status.task_id().value() + " ended as " + TaskState_Name(known->second) +
                 ", then as " + TaskState_Name(status.state());
  }
}

void HttpBatch::ask() {
  next_question_ = simulation_->now() + 15s;
  Call reconcile;
  reconcile.set_type(Call::RECONCILE);
  for (const auto& [id, attempt] : running_) {
    reconcile.mutable_reconcile()->add_tasks()->mutable_task_id()->set_value(id);
    if (simulation_->now() - attempt.launched > 2min) {
      Call kill;
      kill.set_type(Call::KILL);
      kill.mutable_kill()->mutable_task_id()->set_value(id);
      call(std::move(kill));
    }
  }
  if (!running_.empty()) {
    call(std::move(reconcile));
  }
}

void HttpBatch::start_anew() {
  id_.clear();
  for (const auto& [id, attempt] : running_) {
    if (finished_.count(attempt.task) == 0) {
      waiting_.insert(attempt.task);
    }
  }
  running_.clear();
  left_ = finished_.size() == tasks_;
}

std::string HttpBatch::progress() const {
  return name_ + ": " + std::to_string(finished_.size()) + "/" + std::to_string(tasks_) +
         " finished, " + std::to_string(running_.size()) + " running, " +
         std::to_string(waiting_.size()) + " waiting, " + std::to_string(attempts_) + " attempts" +
         (stream_ ? "" : ", no stream");
}

}  // namespace troupe::sim
