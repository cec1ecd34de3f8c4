#include "cli/flags.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace troupe::cli {
namespace {

struct Parsed {
  std::string master;
  Duration interval{};
  bool gpu = true;
  std::vector<std::string> arguments;
  std::optional<int> status;
  std::string complaint;
  std::map<std::string, std::string> values;
};

Parsed parse(std::vector<const char*> arguments) {
  Parsed parsed;
  Flags flags("test", "Tests flags.");
  flags.add("master", "127.0.0.1:5050", "The master", into(&parsed.master));
  flags.add("allocation_interval", "1secs", "The interval", into(&parsed.interval));
  flags.add_bool("filter_gpu", &parsed.gpu, "GPUs", 'g');
  flags.alias("old_interval", "allocation_interval");
  flags.allow_arguments(&parsed.arguments, "ARGUMENT", "The rest");
  arguments.insert(arguments.begin(), "test");
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  parsed.status = flags.parse(static_cast<int>(arguments.size()), arguments.data());
  testing::internal::GetCapturedStdout();
  parsed.complaint = testing::internal::GetCapturedStderr();
  parsed.values = flags.values();
  return parsed;
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(Flags, HaveTheirDefaults) {
  const auto parsed = parse({});
  EXPECT_EQ(parsed.status, std::nullopt) << parsed.complaint;
  EXPECT_EQ(parsed.master, "127.0.0.1:5050");
  EXPECT_EQ(parsed.interval, std::chrono::seconds(1));
  EXPECT_TRUE(parsed.gpu);
}

TEST(Flags, ComeFromTheCommandLine) {
  const auto parsed = parse({"--master=a:1", "--allocation_interval", "100ms", "--no-filter_gpu"});
  EXPECT_EQ(parsed.status, std::nullopt) << parsed.complaint;
  EXPECT_EQ(parsed.master, "a:1");
  EXPECT_EQ(parsed.interval, std::chrono::milliseconds(100));
  EXPECT_FALSE(parsed.gpu);
}

TEST(Flags, TakeTheBoolOfMesosSyntax) { EXPECT_FALSE(parse({"--filter_gpu=false"}).gpu); }

TEST(Flags, ComeFromTheEnvironmentUnderBothNames) {
  const Variable theirs("MESOS_MASTER", "theirs:1");
  EXPECT_EQ(parse({}).master, "theirs:1");
  const Variable ours("TROUPE_MASTER", "ours:1");
  EXPECT_EQ(parse({}).master, "ours:1");
  EXPECT_EQ(parse({"--master=given:1"}).master, "given:1");
}

TEST(Flags, ReadAValueFromAFile) {
  const auto path = std::filesystem::temp_directory_path() / "troupe-flags-test";
  std::ofstream(path) << "fromfile:1\n";
  EXPECT_EQ(parse({("--master=file://" + path.string()).c_str()}).master, "fromfile:1");
  std::filesystem::remove(path);
  const auto gone = parse({("--master=file://" + path.string()).c_str()});
  EXPECT_EQ(gone.status, 2);
  EXPECT_NE(gone.complaint.find(path.string()), std::string::npos) << gone.complaint;
}

TEST(Flags, ReadAConfigurationFile) {
  const auto path = std::filesystem::temp_directory_path() / "troupe-config-test";
  std::ofstream(path) << "master=config:1\nallocation_interval=5secs\n";
  const auto parsed = parse({("--config=" + path.string()).c_str(), "--allocation_interval=2secs"});
  std::filesystem::remove(path);
  EXPECT_EQ(parsed.status, std::nullopt) << parsed.complaint;
  EXPECT_EQ(parsed.master, "config:1");
  EXPECT_EQ(parsed.interval, std::chrono::seconds(2));
}

TEST(Flags, PreferTheEnvironmentToAConfigurationFile) {
  const auto path = std::filesystem::temp_directory_path() / "troupe-config-order-test";
  std::ofstream(path) << "# a comment\nmaster = config:1\nfilter_gpu=false\nold_interval=9secs\n";
  const Variable variable("TROUPE_MASTER", "environment:1");
  const auto parsed = parse({("--config=" + path.string()).c_str()});
  std::filesystem::remove(path);
  EXPECT_EQ(parsed.status, std::nullopt) << parsed.complaint;
  EXPECT_EQ(parsed.master, "environment:1");
  EXPECT_EQ(parsed.interval, std::chrono::seconds(9));
  EXPECT_FALSE(parsed.gpu);
}

TEST(Flags, RefuseAConfigurationFileWithWhatTheyDoNotKnow) {
  const auto path = std::filesystem::temp_directory_path() / "troupe-config-bad-test";
  for (const char* content : {"nonsense=1\n", "no equals sign\n", "filter_gpu=maybe\n"}) {
    std::ofstream(path) << content;
    EXPECT_EQ(parse({("--config=" + path.string()).c_str()}).status, 2) << content;
  }
  std::filesystem::remove(path);
  EXPECT_EQ(parse({("--config=" + path.string()).c_str()}).status, 2) << "it is not there";
}

TEST(Flags, RefuseWhatTheyDoNotKnowInOneLine) {
  const auto parsed = parse({"--nonsense=1"});
  EXPECT_EQ(parsed.status, 2);
  EXPECT_NE(parsed.complaint.find("nonsense"), std::string::npos) << parsed.complaint;
  EXPECT_EQ(parsed.complaint.find('\n'), parsed.complaint.size() - 1) << parsed.complaint;
}

TEST(Flags, RefuseABadValueByFlagAndValue) {
  const auto parsed = parse({"--allocation_interval=soon"});
  EXPECT_EQ(parsed.status, 2);
  EXPECT_NE(parsed.complaint.find("--allocation_interval=soon"), std::string::npos)
      << parsed.complaint;
  EXPECT_EQ(parse({"--allocation_interval=-1secs"}).status, 2);
}

TEST(Flags, HaveAliases) {
  EXPECT_EQ(parse({"--old_interval=7secs"}).interval, std::chrono::seconds(7));
}

TEST(Flags, LeaveWhatFollowsTwoDashesAlone) {
  const auto parsed = parse({"--master=a:1", "--", "ls", "--all", "-l"});
  EXPECT_EQ(parsed.status, std::nullopt) << parsed.complaint;
  EXPECT_EQ(parsed.arguments, (std::vector<std::string>{"ls", "--all", "-l"}));
}

TEST(Flags, ShowWhatTheyWereGiven) {
  const auto values = parse({"--allocation_interval=2secs", "-g"}).values;
  EXPECT_EQ(values.at("allocation_interval"), "2secs");
  EXPECT_EQ(values.at("filter_gpu"), "true");
  EXPECT_EQ(values.at("master"), "127.0.0.1:5050");
}

TEST(Flags, PrintHelpAndSucceed) { EXPECT_EQ(parse({"--help"}).status, 0); }

TEST(Setters, KeepToTheirBounds) {
  std::uint16_t port = 0;
  EXPECT_TRUE(into(&port)("65535").ok());
  EXPECT_EQ(port, 65535);
  EXPECT_FALSE(into(&port)("65536").ok());
  EXPECT_FALSE(into(&port)("-1").ok());
  EXPECT_FALSE(into(&port)("").ok());
  double part = 0;
  EXPECT_FALSE(into(&part, 0, 1)("1.5").ok());
  EXPECT_FALSE(into(&part, 0, 1)("nan").ok());
  std::set<std::string> names;
  EXPECT_TRUE(into(&names)("a,,b").ok());
  EXPECT_EQ(names, (std::set<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace troupe::cli
