#pragma once

#include <cstdint>

namespace troupe::supervisor {

/// What the agent hands to a supervisor: a file descriptor with this header, then `group_count`
/// group ids (uint32), then strings, each ended by a NUL: the record folder, the working directory,
/// the files for stdout and stderr (not used if descriptors for
/// them were handed over), `argument_count` arguments, `variable_count` variables
/// ("NAME=value"). A file has no limit of size, as the argument list of an exec has.
/// Both programs come from one build, so that the layout is the machine's own.
struct SpecHeader {
  std::uint32_t magic = kMagic;
  std::uint32_t argument_count = 0;
  std::uint32_t variable_count = 0;
  std::uint32_t switch_user = 0;  ///< 1: become `user_id`, `group_id` and the groups
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
  std::uint32_t group_count = 0;
  std::uint32_t terminal = 0;  ///< 1: its input becomes the terminal that controls the session

  static constexpr std::uint32_t kMagic = 0x54525032;
};

/// The step that failed.
enum class Stage : std::int32_t {
  kNone,
  kSpec,
  kRecord,
  kFork,
  kStdin,
  kTerminal,
  kUser,
  kDirectory,
  kStdout,
  kStderr,
  kExec,
};

/// What a supervisor (and its child, until that becomes the task) writes to the reply pipe. One
/// with `stage` kNone names the pid of the task; the pipe's end without a failure means that the
/// task's program runs.
struct Reply {
  Stage stage = Stage::kNone;
  std::int32_t value = 0;  ///< the pid, or errno
};

}  // namespace troupe::supervisor
