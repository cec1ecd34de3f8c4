#include "test/simulation/http_executor.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mesos/v1/executor/executor.pb.h"
#include "messages/invariant.hpp"
#include "messages/json.hpp"
#include "messages/recordio.hpp"

namespace troupe::sim {

namespace {

using mesos::v1::TaskInfo;
using mesos::v1::TaskStatus;
using mesos::v1::executor::Call;
using mesos::v1::executor::Event;

constexpr Duration kLook = std::chrono::milliseconds(20);
constexpr std::size_t kMaxRecord = std::size_t{1} << 20;
/// How often a stream breaks: one look in so many.
constexpr std::uint64_t kBreaks = 1000;

class HttpExecutor final : public Process {
 public:
  HttpExecutor(Simulation& simulation, std::function<AgentPort()> agent, const LaunchSpec& spec)
      : Process("executor(1)"),
        simulation_(simulation),
        agent_(std::move(agent)),
        json_(simulation.random().below(2) == 0) {
    framework_ = spec.environment.at("MESOS_FRAMEWORK_ID");
    executor_ = spec.environment.at("MESOS_EXECUTOR_ID");
    life_ = agent_().life;
  }

 protected:
  void started() override {
    subscribe();
    look();
  }

 private:
  struct Update {
    TaskStatus status;
    bool terminal = false;
  };

  // -- to the agent -------------------------------------------------------------------
  std::shared_ptr<SimulatedAnswer> post(Call call) {
    call.mutable_framework_id()->set_value(framework_);
    call.mutable_executor_id()->set_value(executor_);
    http::Request request;
    request.method = "POST";
    request.path = "/slave(1)/api/v1/executor";
    const std::string type = json_ ? "application/json" : "application/x-protobuf";
    request.headers["Content-Type"] = type;
    request.headers["Accept"] = type;
    request.body = json_ ? to_json(call) : call.SerializeAsString();
    return simulation_.ask(*agent_().node, std::move(request));
  }

  void subscribe() {
    Call call;
    call.set_type(Call::SUBSCRIBE);
    for (const auto& [id, task] : tasks_) {
      *call.mutable_subscribe()->add_unacknowledged_tasks() = task;
    }
    call.mutable_subscribe();
    for (const auto& uuid : order_) {
      *call.mutable_subscribe()->add_unacknowledged_updates()->mutable_status() =
          updates_.at(uuid).status;
    }
    stream_ = post(std::move(call));
    decoder_ = RecordIoDecoder(kMaxRecord);
    heard_ = 0;
  }

  void update(const std::string& task, mesos::v1::TaskState state, bool terminal) {
    TaskStatus status;
    status.mutable_task_id()->set_value(task);
    status.set_state(state);
    status.set_source(TaskStatus::SOURCE_EXECUTOR);
    status.set_uuid(random().uuid_bytes());
    order_.push_back(status.uuid());
    updates_[status.uuid()] = {status, terminal};
    Call call;
    call.set_type(Call::UPDATE);
    *call.mutable_update()->mutable_status() = std::move(status);
    post(std::move(call));
  }

  // -- from the agent -------------------------------------------------------------------
  bool agent_is_gone() const {
    const AgentPort agent = agent_();
    return agent.node == nullptr || agent.life != life_;
  }

  void look() {
    if (agent_is_gone()) {
      terminate();
      return;
    }
    hear();
    if (stream_->response && stream_->response->status != 200) {
      terminate();  // It is not wanted.
      return;
    }
    if (stream_->closed) {
      subscribe();
    } else if (stream_->response && random().below(kBreaks) == 0) {
      stream_->hang_up();
    }
    delay(kLook, [this] { look(); });
  }

  void hear() {
    const auto stream = stream_;
    for (; heard_ < stream->chunks.size(); ++heard_) {
      const auto records = decoder_.decode(stream->chunks[heard_]);
      INVARIANT(records.ok()) << records.error().message;
      for (const std::string& record : *records) {
        Event event;
        const bool parsed = json_ ? from_json(record, &event).ok() : event.ParseFromString(record);
        INVARIANT(parsed) << "no event: " << record;
        on_event(event);
      }
    }
  }

  void on_event(const Event& event) {
    switch (event.type()) {
      case Event::LAUNCH:
        return launch(event.launch().task());
      case Event::LAUNCH_GROUP:
        for (const TaskInfo& task : event.launch_group().task_group().tasks()) {
          launch(task);
        }
        return;
      case Event::KILL:
        return end(event.kill().task_id().value(), mesos::v1::TASK_KILLED);
      case Event::ACKNOWLEDGED:
        return on_acknowledged(event.acknowledged());
      case Event::SHUTDOWN:
        return shut_down();
      default:
        return;
    }
  }

  void launch(const TaskInfo& task) {
    const std::string& id = task.task_id().value();
    INVARIANT(tasks_.emplace(id, task).second) << "task " << id << " was launched twice";
    live_.insert(id);
    update(id, mesos::v1::TASK_RUNNING, false);
    delay(from_seconds(std::stod(task.data())), [this, id] { end(id, mesos::v1::TASK_FINISHED); });
  }

  void end(const std::string& task, mesos::v1::TaskState state) {
    if (live_.erase(task) > 0 && !agent_is_gone()) {
      update(task, state, true);
    }
  }

  void on_acknowledged(const Event::Acknowledged& acknowledged) {
    const auto found = updates_.find(acknowledged.uuid());
    if (found == updates_.end()) {
      return;
    }
    if (found->second.terminal) {
      tasks_.erase(acknowledged.task_id().value());
    }
    updates_.erase(found);
    for (auto uuid = order_.begin(); uuid != order_.end(); ++uuid) {
      if (*uuid == acknowledged.uuid()) {
        order_.erase(uuid);
        break;
      }
    }
  }

  void shut_down() {
    for (const auto& task : std::set<std::string>(live_)) {
      end(task, mesos::v1::TASK_KILLED);
    }
    delay(std::chrono::milliseconds(100), [this] { terminate(); });
  }

  Simulation& simulation_;
  const std::function<AgentPort()> agent_;
  const bool json_;
  std::string framework_;
  std::string executor_;
  std::uint64_t life_ = 0;  // Of the agent that it began with.

  std::shared_ptr<SimulatedAnswer> stream_;
  RecordIoDecoder decoder_{kMaxRecord};
  std::size_t heard_ = 0;  // Chunks.

  std::map<std::string, TaskInfo> tasks_;  // Until the end of each is acknowledged.
  std::set<std::string> live_;
  std::map<std::string, Update> updates_;  // Not acknowledged, by uuid.
  std::vector<std::string> order_;         // Their uuids.
};

}  // namespace

std::unique_ptr<Process> make_http_executor(Simulation& simulation,
                                            std::function<AgentPort()> agent,
                                            const LaunchSpec& spec) {
  return std::make_unique<HttpExecutor>(simulation, std::move(agent), spec);
}

}  // namespace troupe::sim
