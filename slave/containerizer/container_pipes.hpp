#pragma once

#include <optional>
#include <string>

#include "actors/ports/launcher.hpp"
#include "messages/result.hpp"
#include "slave/checkpoint/posix.hpp"

namespace troupe::agent {

/// Both sides of the input and output of one container: pipes, or a terminal. With a terminal
/// `task_output` and `task_error` are not valid, for `task_input` is all three of the task's, and
/// `error` is not valid.
struct ContainerPipes {
  // -- of the task: closed here once it has been started --
  Descriptor task_input;
  Descriptor task_output;
  Descriptor task_error;
  // -- ours: non-blocking --
  Descriptor input;
  Descriptor output;
  Descriptor error;

  [[nodiscard]] bool is_terminal() const { return !task_output.valid(); }
  void close_task_side();
};

/// Errors: kInternal.
Result<ContainerPipes> open_container_pipes(const ContainerIo& io);

Result<void> resize_terminal(int terminal, TerminalSize size);

/// Opens a file to append a container's output to; its owner is `user`. Follows no link.
/// Errors: those of errno_error().
Result<Descriptor> open_output_file(const std::string& path,
                                    const std::optional<std::string>& user);

}  // namespace troupe::agent
