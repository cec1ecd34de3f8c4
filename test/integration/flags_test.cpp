#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster.hpp"

// What the program says to those who hold it wrong.
namespace troupe::integration {
namespace {

using ::testing::HasSubstr;

/// A port that somebody listens on.
class OccupiedPort {
 public:
  OccupiedPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 1);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  OccupiedPort(const OccupiedPort&) = delete;
  OccupiedPort& operator=(const OccupiedPort&) = delete;
  ~OccupiedPort() { free(); }

  void free() { ::close(std::exchange(socket_, -1)); }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

Finished troupe(std::vector<std::string> arguments,
                const std::map<std::string, std::string>& environment = {}) {
  arguments.insert(arguments.begin(), program("troupe"));
  return run(std::move(arguments), environment);
}

struct Mistake {
  std::vector<std::string> arguments;
  std::string named;  ///< what the complaint names
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreOneLineAndStatusTwo) {
  const auto finished = troupe(GetParam().arguments);
  EXPECT_EQ(finished.status, 2);
  EXPECT_TRUE(finished.one_line_of_complaint()) << finished.out << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(GetParam().named));
}

INSTANTIATE_TEST_SUITE_P(
    Of, Mistakes,
    ::testing::Values(Mistake{{"mastre"}, "mastre"},
                      Mistake{{"master", "--no_such_flag=1"}, "no_such_flag"},
                      Mistake{{"master", "--port=http"}, "--port=http"},
                      Mistake{{"master", "--port=65536"}, "--port=65536"},
                      Mistake{{"master", "--ip=300.1.1.1"}, "300.1.1.1"},
                      Mistake{{"master", "--agent_ping_timeout=15"}, "--agent_ping_timeout=15"},
                      Mistake{{"master", "--agent_ping_timeout=-1secs"}, "--agent_ping_timeout"},
                      Mistake{{"master", "--weights=eng"}, "eng"},
                      Mistake{{"master", "--roles=a b"}, "--roles=a b"},
                      Mistake{{"master", "--credentials=file:///no/such"}, "/no/such"},
                      Mistake{{"agent", "--resources=cpus:many"}, "cpus:many"},
                      Mistake{{"agent", "--attributes=rack"}, "rack"},
                      Mistake{{"agent", "--master=nowhere.invalid:5050"}, "nowhere.invalid"},
                      Mistake{{"agent", "--launcher_dir=/no/such"}, "/no/such"},
                      Mistake{{"slave", "--gc_disk_headroom=2"}, "--gc_disk_headroom=2"},
                      Mistake{{"local", "--agents=0"}, "--agents=0"},
                      Mistake{{"run"}, "no command"},
                      Mistake{{"run", "--env=NAME", "--", "true"}, "NAME"},
                      Mistake{{"run", "--instances=0", "--", "true"}, "--instances=0"},
                      Mistake{{"run", "--cpus=lots", "--", "true"}, "--cpus=lots"},
                      Mistake{{"run", "--name=../up", "--", "true"}, "../up"},
                      Mistake{{"ps", "--nonsense"}, "nonsense"}, Mistake{{"kill"}, "which task"},
                      Mistake{{"logs"}, "which task"}));

TEST(OccupiedPorts, AreOneLineAndStatusTwo) {
  const OccupiedPort occupied;
  const Scratch scratch;
  const std::vector<std::vector<std::string>> daemons = {
      {"master"},
      {"agent", "--work_dir=" + scratch.path(), "--runtime_dir=" + scratch.path()},
      {"local", "--work_dir=" + scratch.path()}};
  for (auto arguments : daemons) {
    arguments.push_back("--port=" + occupied.port());
    const auto finished = troupe(arguments);
    EXPECT_EQ(finished.status, 2) << arguments.front();
    EXPECT_TRUE(finished.one_line_of_complaint()) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(occupied.port()));
  }
}

TEST(UnreachableMasters, AreOneLineAndStatusOne) {
  OccupiedPort nobody;
  nobody.free();
  const std::string master = "127.0.0.1:" + nobody.port();
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"ps"}, {"agents"}, {"frameworks"}, {"kill", "t"}, {"logs", "t"}}) {
    auto with_master = arguments;
    with_master.insert(with_master.begin() + 1, "--master=" + master);
    const auto finished = troupe(with_master);
    EXPECT_EQ(finished.status, 1) << arguments.front();
    EXPECT_TRUE(finished.one_line_of_complaint()) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(master));
  }
}

TEST(Flags, ComeFromTheEnvironmentAndFilesToo) {
  const OccupiedPort occupied;
  for (const std::string name : {"TROUPE_PORT", "MESOS_PORT"}) {
    const auto finished = troupe({"master"}, {{name, occupied.port()}});
    EXPECT_EQ(finished.status, 2) << name;
    EXPECT_THAT(finished.err, HasSubstr(occupied.port()));
  }
  const Scratch scratch;
  agent::write_file(scratch / "port", occupied.port() + "\n");
  agent::write_file(scratch / "config", "port=" + occupied.port() + "\n");
  for (const std::string& argument :
       {"--port=file://" + (scratch / "port"), "--config=" + (scratch / "config")}) {
    const auto finished = troupe({"master", argument});
    EXPECT_EQ(finished.status, 2) << argument;
    EXPECT_THAT(finished.err, HasSubstr(occupied.port()));
  }
}

TEST(Help, ListsVerbsAndFlagsWithDefaultsAndUnits) {
  const auto verbs = troupe({"help"});
  EXPECT_EQ(verbs.status, 0);
  for (const char* verb : {"master", "agent", "local", "run", "ps", "kill", "logs", "version"}) {
    EXPECT_THAT(verbs.out, HasSubstr(verb));
  }
  const auto flags = troupe({"master", "--help"});
  EXPECT_EQ(flags.status, 0);
  EXPECT_THAT(flags.out, HasSubstr("--agent_ping_timeout"));
  EXPECT_THAT(flags.out, HasSubstr("15secs"));
  EXPECT_EQ(troupe({"version"}).status, 0);
}

}  // namespace
}  // namespace troupe::integration
