#include "framework.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "actors/net/host.hpp"
#include "actors/static_detector.hpp"
#include "messages/resources.hpp"

namespace troupe::integration {

namespace {

const Resources kTask = *Resources::parse("cpus:0.1;mem:32");
const Resources kCpu = *Resources::parse("cpus:1");

/// What is not used comes again at once.
mesos::v1::Filters no_filters() {
  mesos::v1::Filters filters;
  filters.set_refuse_seconds(0);
  return filters;
}

}  // namespace

class Framework::Recorder final : public Scheduler {
 public:
  Recorder(SchedulerOptions options, std::shared_ptr<Records> records)
      : Scheduler(std::move(options)), records_(std::move(records)) {}

  using Scheduler::decline;
  using Scheduler::kill;
  using Scheduler::launch;
  using Scheduler::leave;

 protected:
  void on_offers(const std::vector<Offer>& offers) override {
    const std::lock_guard<std::mutex> lock(records_->mutex);
    for (const auto& offer : offers) {
      records_->offers.push_back(offer);
    }
  }
  void on_rescind(const OfferID& id) override {
    const std::lock_guard<std::mutex> lock(records_->mutex);
    auto& offers = records_->offers;
    offers.erase(
        std::remove_if(offers.begin(), offers.end(),
                       [&](const Offer& offer) { return offer.id().value() == id.value(); }),
        offers.end());
  }
  void on_update(const TaskStatus& status) override {
    const std::lock_guard<std::mutex> lock(records_->mutex);
    records_->statuses[status.task_id().value()].push_back(status);
  }

 private:
  std::shared_ptr<Records> records_;
};

Framework::Framework(const std::string& master_address) {
  auto runtime = Runtime::create({});
  if (!runtime.ok()) {
    throw std::runtime_error(runtime.error().message);
  }
  runtime_ = std::move(*runtime);
  SchedulerOptions options;
  options.framework.set_user(current_user());
  options.framework.set_name("test");
  options.detector = std::make_shared<StaticDetector>(*Address::parse(master_address));
  options.registration_backoff = Milliseconds(100);
  auto made = std::make_unique<Recorder>(std::move(options), records_);
  recorder_ = made.get();
  pid_ = runtime_->spawn(std::move(made));
}

Framework::~Framework() {
  tell([](Recorder& recorder) { recorder.leave(); });
  runtime_->wait(pid_, std::chrono::seconds(5));
}

void Framework::tell(std::function<void(Recorder&)> what) {
  runtime_->find(pid_).dispatch(
      [recorder = recorder_, what = std::move(what)] { what(*recorder); });
}

Framework::Offer Framework::offer() {
  std::optional<Offer> found;
  eventually([&] {
    const std::lock_guard<std::mutex> lock(records_->mutex);
    auto& offers = records_->offers;
    while (!offers.empty() && !found) {
      Offer offer = std::move(offers.front());
      offers.pop_front();
      if (Resources(offer.resources()).contains(kCpu)) {
        found = std::move(offer);
      } else {
        tell([offer](Recorder& recorder) { recorder.decline(offer.id(), no_filters()); });
      }
    }
    return found.has_value();
  });
  if (!found) {
    throw std::runtime_error("no offer comes");
  }
  return *found;
}

Framework::TaskInfo Framework::task(const Offer& offer, const std::string& id,
                                    const std::string& command) {
  TaskInfo task;
  task.set_name("test");
  task.mutable_task_id()->set_value(id);
  *task.mutable_agent_id() = offer.agent_id();
  task.mutable_command()->set_value(command);
  kTask.to(task.mutable_resources());
  return task;
}

Framework::TaskInfo Framework::task_of_executor(const Offer& offer, const std::string& id,
                                                const std::string& executor_command) {
  TaskInfo task = Framework::task(offer, id, "");
  task.clear_command();
  auto* executor = task.mutable_executor();
  executor->set_type(mesos::v1::ExecutorInfo::CUSTOM);
  executor->mutable_executor_id()->set_value("executor-of-" + id);
  executor->mutable_command()->set_value(executor_command);
  kTask.to(executor->mutable_resources());
  return task;
}

void Framework::launch(const Offer& offer, const std::vector<TaskInfo>& tasks) {
  tell([offer, tasks](Recorder& recorder) { recorder.launch(offer, tasks, no_filters()); });
}

void Framework::decline(const Offer& offer) {
  tell([offer](Recorder& recorder) { recorder.decline(offer.id(), no_filters()); });
}

void Framework::kill(const std::string& task) {
  mesos::v1::TaskID id;
  id.set_value(task);
  tell([id](Recorder& recorder) { recorder.kill(id); });
}

Framework::TaskStatus Framework::awaited(const std::string& task,
                                         const std::vector<mesos::v1::TaskState>& states) {
  std::optional<TaskStatus> found;
  std::string seen;
  eventually([&] {
    const std::lock_guard<std::mutex> lock(records_->mutex);
    seen.clear();
    for (const auto& status : records_->statuses[task]) {
      seen += " " + mesos::v1::TaskState_Name(status.state()) + " (" + status.message() + ")";
      if (!found && std::find(states.begin(), states.end(), status.state()) != states.end()) {
        found = status;
      }
    }
    return found.has_value();
  });
  if (!found) {
    throw std::runtime_error("task " + task + " does not get to " +
                             mesos::v1::TaskState_Name(states.front()) + "; seen:" + seen);
  }
  return *found;
}

std::size_t Framework::count(mesos::v1::TaskState state) {
  const std::lock_guard<std::mutex> lock(records_->mutex);
  return static_cast<std::size_t>(
      std::count_if(records_->statuses.begin(), records_->statuses.end(), [&](const auto& entry) {
        return !entry.second.empty() && entry.second.back().state() == state;
      }));
}

}  // namespace troupe::integration
