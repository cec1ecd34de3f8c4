#include "messages/command_line.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Arguments = std::vector<std::string>;

TEST(CommandLine, GivesAShellItsCommandWhole) {
  mesos::v1::CommandInfo command;
  command.set_value("echo a | cat");
  command.add_arguments("ignored");
  const auto line = command_line(command);
  EXPECT_EQ(line.executable, "/bin/sh");
  EXPECT_EQ(line.argv, (Arguments{"sh", "-c", "echo a | cat"}));
}

TEST(CommandLine, TakesArgumentsAsTheWholeArgv) {
  mesos::v1::CommandInfo command;
  command.set_shell(false);
  command.set_value("/bin/busybox");
  command.add_arguments("ls");
  command.add_arguments("-l");
  const auto line = command_line(command);
  EXPECT_EQ(line.executable, "/bin/busybox");
  EXPECT_EQ(line.argv, (Arguments{"ls", "-l"}));
}

TEST(CommandLine, NamesAProgramWithoutArgumentsAfterItself) {
  mesos::v1::CommandInfo command;
  command.set_shell(false);
  command.set_value("true");
  EXPECT_EQ(command_line(command).argv, Arguments{"true"});
}

}  // namespace
}  // namespace troupe
