#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cluster.hpp"
#include "framework.hpp"
#include "messages/pid.hpp"
#include "messages/resources.hpp"

// What a cluster costs while it does nothing, and that neither tasks nor connections cost threads.
namespace troupe::integration {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#if defined(__OPTIMIZE__)
constexpr Milliseconds kReady{kSanitized ? 10'000 : 300};
#else
constexpr Milliseconds kReady{3000};
#endif
constexpr std::uint64_t kMaxRssKb = 40'000;

/// Connections that say nothing, open as long as this lives.
class Connections {
 public:
  Connections(const std::string& to, std::size_t count) {
    const auto peer = Address::parse(to).value();
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(peer.ip);
    address.sin_port = htons(peer.port);
    for (std::size_t i = 0; i < count; ++i) {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockets_.push_back(socket);
      made_ +=
          ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 1 : 0;
    }
  }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections() {
    for (const int socket : sockets_) {
      ::close(socket);
    }
  }
  [[nodiscard]] std::size_t made() const { return made_; }

 private:
  std::vector<int> sockets_;
  std::size_t made_ = 0;
};

std::unique_ptr<Program> start_local(const Scratch& scratch) {
  return std::make_unique<Program>(
      scratch / "local", std::vector<std::string>{program("troupe"), "local", "--port=0", "--quiet",
                                                  "--work_dir=" + (scratch / "work"),
                                                  "--resources=cpus:2;mem:512;disk:512"});
}

TEST(Footprint, LocalIsReadyAtOnce) {
  const Scratch scratch;
  Milliseconds best = Milliseconds::max();
  for (int i = 0; i < 5 && best >= kReady; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto local = start_local(scratch);
    ASSERT_FALSE(local->awaited("master ").empty()) << local->err();
    best = std::min(
        best, std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin));
    EXPECT_EQ(local->terminate(), 0);
  }
  EXPECT_LT(best, kReady);
}

TEST(Footprint, LocalAndALoneAgentAreSmall) {
  if (kSanitized) {
    GTEST_SKIP() << "sanitizers have a size of their own";
  }
  const Scratch scratch;
  const auto local = start_local(scratch);
  const std::string master = local->awaited("master ");
  ASSERT_FALSE(master.empty()) << local->err();
  ASSERT_EQ(run({program("troupe"), "run", "--master=" + master, "--", "true"}).status, 0);
  EXPECT_LT(proc_status(local->pid(), "VmRSS"), kMaxRssKb);
  Cluster cluster;
  ASSERT_EQ(cluster.troupe("run", {"--", "true"}).status, 0);
  EXPECT_GT(proc_status(cluster.agent(0).pid(), "VmRSS"), 0U);
  EXPECT_LT(proc_status(cluster.agent(0).pid(), "VmRSS"), kMaxRssKb);
}

TEST(Footprint, NeitherTasksNorConnectionsTakeThreads) {
  constexpr std::size_t kMany = 200;
  Cluster cluster;
  Framework framework(cluster.master_address());
  auto offer = framework.offer();
  // One task first: what is started on demand is there then.
  framework.launch(offer, {Framework::task(offer, "first", "true")});
  framework.awaited("first", {mesos::v1::TASK_FINISHED});
  const auto threads = [&] {
    return std::max(proc_status(cluster.agent(0).pid(), "Threads"),
                    proc_status(cluster.master().pid(), "Threads"));
  };
  const auto before = threads();
  ASSERT_GT(before, 0U);
  offer = framework.offer();
  std::vector<mesos::v1::TaskInfo> tasks;
  for (std::size_t i = 0; i < kMany; ++i) {
    tasks.push_back(Framework::task(offer, "task-" + std::to_string(i), "exec sleep 600"));
    Resources::parse("cpus:0.01;mem:1")->to(tasks.back().mutable_resources());
  }
  framework.launch(offer, tasks);
  ASSERT_TRUE(eventually([&] { return framework.count(mesos::v1::TASK_RUNNING) == kMany; },
                         Milliseconds(60'000)))
      << framework.count(mesos::v1::TASK_RUNNING);
  EXPECT_LE(threads(), before);
  const Connections to_master(cluster.master_address(), kMany);
  const Connections to_agent(cluster.agent_address(0), kMany);
  EXPECT_EQ(to_master.made(), kMany);
  EXPECT_EQ(to_agent.made(), kMany);
  EXPECT_TRUE(cluster.complete()) << "it still answers";
  EXPECT_LE(threads(), before);
}

}  // namespace
}  // namespace troupe::integration
