#include "messages/command_line.hpp"

namespace troupe {

CommandLine command_line(const mesos::v1::CommandInfo& command) {
  if (command.shell()) {
    return {"/bin/sh", {"sh", "-c", command.value()}};
  }
  CommandLine line{command.value(), {command.arguments().begin(), command.arguments().end()}};
  if (line.argv.empty()) {
    line.argv.push_back(command.value());
  }
  return line;
}

}  // namespace troupe
