// A conversation of the scheduler API, byte for byte, in each encoding: subscribe, offer, accept,
// update, acknowledge, kill. After a change that is meant,
//
//   TROUPE_WRITE_GOLDEN=1 test_master --gtest_filter='SchedulerGolden.*'
//
// writes the files anew: the difference belongs into the review.

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "http_scheduler.hpp"
#include "master/master.hpp"
#include "messages/resources.hpp"
#include "wire_agent.hpp"

namespace troupe::master {
namespace {

using namespace std::chrono_literals;
using mesos::v1::scheduler::Call;
using mesos::v1::scheduler::Event;
using test::HttpScheduler;
using test::WireAgent;
using troupe::test::scheduler_request;
using troupe::test::SchedulerStream;

/// Bytes on one line: what is no printable character, and the backslash, as \xNN.
std::string escaped(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte > 0x7e || byte == '\\') {
      text += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      text += each;
    }
  }
  return text;
}

/// A client whose every byte, and every byte it gets, is written down. `>` is what it sends, `<`
/// what it gets; chunks of the stream come where they were seen.
class Conversation {
 public:
  Conversation(http::Encoding encoding, Simulation& simulation, Runtime& master)
      : encoding_(encoding), simulation_(simulation), master_(master) {}

  void subscribe() {
    HttpScheduler scheduler(simulation_, master_, encoding_);
    auto request = scheduler_request(encoding_, scheduler.subscription(HttpScheduler::info()));
    sends("subscribe", request);
    answer_ = simulation_.ask(master_, std::move(request));
    simulation_.run_until([&] { return answer_->response.has_value(); }, 10s);
    gets(*answer_->response);
    stream_.emplace(encoding_, answer_);
    await(Event::HEARTBEAT);
  }

  void call(const std::string& step, Call call) {
    call.mutable_framework_id()->set_value(framework);
    auto request = scheduler_request(encoding_, call, stream_->id());
    sends(step, request);
    gets(simulation_.request(master_, std::move(request)));
  }

  /// Until an event of that type has come: written down, with all before it.
  Event await(Event::Type type) {
    Event last;
    simulation_.run_until(
        [&] {
          for (Event& event : stream_->read()) {
            last = std::move(event);
          }
          return last.type() == type || answer_->closed;
        },
        30s);
    EXPECT_EQ(last.type(), type);
    take_chunks();
    return last;
  }

  void end() {
    simulation_.run_until([&] { return answer_->closed; }, 30s);
    take_chunks();
    text_ += answer_->closed ? "< (end of the stream)\n" : "";
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  std::string framework;

 private:
  void sends(const std::string& step, const http::Request& request) {
    text_ += "\n# " + step + "\n> " + request.method + " " + request.path + "\n";
    for (const auto& [name, value] : request.headers) {
      text_ += "> " + name + ": " + value + "\n";
    }
    text_ += "> " + escaped(request.body) + "\n";
  }
  void gets(const http::Response& response) {
    text_ += "< " + std::to_string(response.status) + "\n";
    for (const auto& [name, value] : response.headers) {
      text_ += "< " + name + ": " + value + "\n";
    }
    if (!response.content().empty()) {
      text_ += "< " + escaped(response.content()) + "\n";
    }
  }
  void take_chunks() {
    for (; written_ < answer_->chunks.size(); ++written_) {
      text_ += "< " + escaped(answer_->chunks[written_]) + "\n";
    }
  }

  const http::Encoding encoding_;
  Simulation& simulation_;
  Runtime& master_;
  std::shared_ptr<SimulatedAnswer> answer_;
  std::optional<SchedulerStream> stream_;
  std::size_t written_ = 0;  // Chunks.
  std::string text_;
};

Call accept(const mesos::v1::Offer& offer) {
  Call call = HttpScheduler::make(Call::ACCEPT);
  *call.mutable_accept()->add_offer_ids() = offer.id();
  call.mutable_accept()->mutable_filters()->set_refuse_seconds(3600);
  auto* operation = call.mutable_accept()->add_operations();
  operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
  auto* task = operation->mutable_launch()->add_task_infos();
  task->set_name("web");
  task->mutable_task_id()->set_value("web.1");
  *task->mutable_agent_id() = offer.agent_id();
  task->mutable_command()->set_value("sleep 600");
  Resources::parse("cpus:1.5;mem:64").value().to(task->mutable_resources());
  return call;
}

Call acknowledge(const mesos::v1::TaskStatus& status) {
  Call call = HttpScheduler::make(Call::ACKNOWLEDGE);
  *call.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
  *call.mutable_acknowledge()->mutable_task_id() = status.task_id();
  call.mutable_acknowledge()->set_uuid(status.uuid());
  return call;
}

std::string converse(http::Encoding encoding) {
  Simulation simulation(1);
  Runtime& node = simulation.add_node("10.0.0.1");
  const Pid master = spawn_master(node, Options(), {});
  auto made = std::make_unique<WireAgent>(master, "cpus:4;mem:1024;ports:[31000-31009]");
  WireAgent& agent = *made;
  simulation.add_node("10.0.0.2").spawn(std::move(made));
  simulation.run_until([&] { return !agent.id.empty(); }, 10s);

  Conversation talk(encoding, simulation, node);
  talk.subscribe();
  const Event offers = talk.await(Event::OFFERS);
  if (offers.offers().offers().empty()) {
    return talk.text();
  }
  const auto& offer = offers.offers().offers(0);
  talk.framework = offer.framework_id().value();
  talk.call("accept", accept(offer));
  simulation.run_until([&] { return !agent.tasks.empty(); }, 10s);
  agent.report(talk.framework, "web.1", mesos::v1::TASK_RUNNING);
  const Event running = talk.await(Event::UPDATE);
  talk.call("acknowledge", acknowledge(running.update().status()));
  Call kill = HttpScheduler::make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("web.1");
  *kill.mutable_kill()->mutable_agent_id() = offer.agent_id();
  talk.call("kill", kill);
  const Event killed = talk.await(Event::UPDATE);
  talk.call("acknowledge", acknowledge(killed.update().status()));
  talk.call("teardown", HttpScheduler::make(Call::TEARDOWN));
  talk.end();
  return talk.text();
}

void expect_golden(http::Encoding encoding, const std::string& name) {
  const std::string path = std::string(TROUPE_GOLDEN) + "/" + name;
  const std::string said = converse(encoding);
  if (std::getenv("TROUPE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << said;
  }
  std::stringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(said, golden.str()) << path;
}

TEST(SchedulerGolden, InJson) { expect_golden(http::Encoding::kJson, "scheduler_http_json.txt"); }

TEST(SchedulerGolden, InProtobuf) {
  expect_golden(http::Encoding::kProtobuf, "scheduler_http_protobuf.txt");
}

}  // namespace
}  // namespace troupe::master
