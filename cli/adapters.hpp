#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/ports/files.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/resources.hpp"
#include "messages/result.hpp"
#include "slave/agent.hpp"

/// Where the program puts real parts behind the ports, and reads what only a program reads.
namespace troupe::cli {

std::shared_ptr<Files> make_files();

/// Where an agent keeps what it fetches, and how long a download may stall.
struct FetcherFlags {
  std::string cache_dir;
  std::uint64_t cache_bytes = 0;
  Duration stall_timeout{};
};

/// Processes of this machine, real files, libcurl. Errors: kNotFound if troupe-supervisor is not in
/// options.launcher_dir, kInternal if runtime_dir cannot be made.
Result<agent::Ports> make_agent_ports(const agent::Options& options, const FetcherFlags& fetcher,
                                      std::shared_ptr<MasterDetector> detector);

/// The folder of troupe-supervisor: beside this program, or its libexec folder.
std::string default_launcher_dir();

/// `{"credentials":[{"principal":"p","secret":"s"}]}`, or lines of "principal secret".
Result<void> parse_credentials(const std::string& text,
                               std::map<std::string, std::string>* credentials);

/// A JSON object of strings. Errors: kInvalid.
Result<void> parse_string_map(const std::string& text, std::map<std::string, std::string>* target);

/// "rack:r1;ports:[1-9];weight:1.5". Errors: kInvalid, naming the part.
Result<std::vector<mesos::v1::Attribute>> parse_attributes(const std::string& text);

/// What the flag leaves out of cpus, mem, disk and ports, detected as Mesos does it
/// (mesos-semantics 0.2).
Resources with_detected(const Resources& given, const std::string& work_dir,
                        const std::string& default_role);

}  // namespace troupe::cli
