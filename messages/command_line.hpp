#pragma once

#include <string>
#include <vector>

#include "mesos/v1/mesos.pb.h"

namespace troupe {

/// What a CommandInfo means to exec: a shell's command, or a program with `arguments` as its whole
/// argv, argv[0] included (mesos-semantics 1.7, "Docker image command resolution" without an
/// image).
struct CommandLine {
  std::string executable;
  std::vector<std::string> argv;
};
CommandLine command_line(const mesos::v1::CommandInfo& command);

}  // namespace troupe
