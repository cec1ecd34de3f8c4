#pragma once

namespace troupe::cli {

/// The verbs of `troupe`. Each gets its own name as argv[0] and gives the exit status: 0 done, 1 it
/// failed, 2 a flag, an argument or the environment is wrong (said in one line on stderr).
int master_verb(int argc, const char* const* argv);
int agent_verb(int argc, const char* const* argv);
int local_verb(int argc, const char* const* argv);
/// Gives the exit status of the command that it ran.
int run_verb(int argc, const char* const* argv);
int ps_verb(int argc, const char* const* argv);
int kill_verb(int argc, const char* const* argv);
int logs_verb(int argc, const char* const* argv);
int agents_verb(int argc, const char* const* argv);
int frameworks_verb(int argc, const char* const* argv);
int version_verb(int argc, const char* const* argv);

}  // namespace troupe::cli
