#include "cli/adapters.hpp"

#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

#include <rapidjson/document.h>

#include "actors/net/host.hpp"
#include "actors/net/prober/curl_prober.hpp"
#include "executor/command_executor.hpp"
#include "executor/pod_executor.hpp"
#include "slave/checkpoint/posix_files.hpp"
#include "slave/containerizer/posix_launcher.hpp"
#include "slave/fetcher/uri_fetcher.hpp"

namespace troupe::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSupervisor = "troupe-supervisor";
constexpr std::uint64_t kMegabyte = 1ULL << 20;
constexpr std::uint64_t kGigabyte = 1ULL << 30;

mesos::v1::Resource scalar(const std::string& name, double value) {
  mesos::v1::Resource resource;
  resource.set_name(name);
  resource.set_type(mesos::v1::Value::SCALAR);
  resource.mutable_scalar()->set_value(value);
  return resource;
}

/// Part of what there is, so that the system keeps some (mesos-semantics 0.2).
double detected_mem() {
  const auto total = total_memory_bytes();
  const auto usable = total == 0               ? kGigabyte
                      : total >= 2 * kGigabyte ? total - kGigabyte
                                               : total / 2;
  const auto megabytes = usable / kMegabyte;
  return static_cast<double>(megabytes);
}

double detected_disk(const std::string& work_dir) {
  fs::path path = work_dir.empty() ? fs::temp_directory_path() : fs::path(work_dir);
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  const auto total = file_system_bytes(path.string());
  const auto usable = total == 0                ? 10 * kGigabyte
                      : total >= 10 * kGigabyte ? total - 5 * kGigabyte
                                                : total / 2;
  const auto megabytes = usable / kMegabyte;
  return static_cast<double>(megabytes);
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\n");
  return begin == std::string::npos
             ? ""
             : text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

Result<mesos::v1::Attribute> parse_attribute(const std::string& item) {
  const auto colon = item.find(':');
  const std::string name = trimmed(item.substr(0, colon));
  if (colon == std::string::npos || name.empty() || colon + 1 == item.size()) {
    return invalid("attribute '" + item + "' is not NAME:VALUE");
  }
  const std::string value = trimmed(item.substr(colon + 1));
  mesos::v1::Attribute attribute;
  attribute.set_name(name);
  auto parsed = Resources::parse_value(name, value);
  if (parsed.ok() && parsed->type() == mesos::v1::Value::SCALAR) {
    attribute.set_type(mesos::v1::Value::SCALAR);
    *attribute.mutable_scalar() = parsed->scalar();
  } else if (parsed.ok() && parsed->type() == mesos::v1::Value::RANGES) {
    attribute.set_type(mesos::v1::Value::RANGES);
    *attribute.mutable_ranges() = parsed->ranges();
  } else {
    attribute.set_type(mesos::v1::Value::TEXT);
    attribute.mutable_text()->set_value(value);
  }
  return attribute;
}

Result<void> parse_credential_list(const rapidjson::Value& list,
                                   std::map<std::string, std::string>* credentials) {
  for (const auto& credential : list.GetArray()) {
    const auto text = [&](const char* name) {
      return credential.IsObject() && credential.HasMember(name) && credential[name].IsString()
                 ? std::string(credential[name].GetString())
                 : std::string();
    };
    if (text("principal").empty()) {
      return invalid("a credential has no principal");
    }
    (*credentials)[text("principal")] = text("secret");
  }
  return {};
}

}  // namespace

std::shared_ptr<Files> make_files() { return std::make_shared<agent::PosixFiles>(); }

std::string default_launcher_dir() {
  const fs::path here = program_directory();
  std::error_code ignored;
  for (const auto& candidate : {here, here.parent_path() / "libexec" / "troupe"}) {
    if (fs::exists(candidate / kSupervisor, ignored)) {
      return candidate.string();
    }
  }
  return here.string();
}

Result<agent::Ports> make_agent_ports(const agent::Options& options, const FetcherFlags& fetcher,
                                      std::shared_ptr<MasterDetector> detector) {
  const std::string supervisor = options.launcher_dir + "/" + kSupervisor;
  std::error_code ignored;
  if (!fs::exists(supervisor, ignored)) {
    return not_found("--launcher_dir=" + options.launcher_dir + ": there is no " + kSupervisor);
  }
  auto files = make_files();
  for (const auto& directory : {options.work_dir, options.runtime_dir}) {
    if (auto made = files->make_directories(directory, std::nullopt); !made.ok()) {
      return made.error();
    }
  }
  auto launcher = std::make_shared<agent::PosixLauncher>(
      agent::PosixLauncherOptions{options.runtime_dir, supervisor});
  const auto prober = std::make_shared<CurlProber>();
  agent::FetcherOptions fetcher_options;
  fetcher_options.cache_dir = fetcher.cache_dir;
  fetcher_options.cache_size_bytes = fetcher.cache_bytes;
  fetcher_options.stall_timeout = fetcher.stall_timeout;
  return agent::Ports{std::move(detector),
                      launcher,
                      std::make_shared<agent::UriFetcher>(std::move(fetcher_options)),
                      std::move(files),
                      command_executors(launcher, prober),
                      pod_executors(prober)};
}

Result<void> parse_credentials(const std::string& text,
                               std::map<std::string, std::string>* credentials) {
  const std::string content = trimmed(text);
  if (!content.empty() && content.front() == '{') {
    rapidjson::Document document;
    document.Parse(content.c_str());
    if (document.HasParseError() || !document.IsObject() || !document.HasMember("credentials") ||
        !document["credentials"].IsArray()) {
      return invalid("the JSON has no list 'credentials'");
    }
    return parse_credential_list(document["credentials"], credentials);
  }
  std::istringstream lines(content);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string principal;
    std::string secret;
    if (!(words >> principal)) {
      continue;
    }
    if (!(words >> secret)) {
      return invalid("the line of principal '" + principal + "' has no secret");
    }
    (*credentials)[principal] = secret;
  }
  return {};
}

Result<void> parse_string_map(const std::string& text, std::map<std::string, std::string>* target) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  if (document.HasParseError() || !document.IsObject()) {
    return invalid("a JSON object of strings is wanted");
  }
  for (const auto& member : document.GetObject()) {
    if (!member.value.IsString()) {
      return invalid("the value of '" + std::string(member.name.GetString()) + "' is no string");
    }
    (*target)[member.name.GetString()] = member.value.GetString();
  }
  return {};
}

Result<std::vector<mesos::v1::Attribute>> parse_attributes(const std::string& text) {
  std::vector<mesos::v1::Attribute> attributes;
  std::istringstream items(text);
  std::string item;
  while (std::getline(items, item, ';')) {
    if (trimmed(item).empty()) {
      continue;
    }
    auto attribute = parse_attribute(item);
    if (!attribute.ok()) {
      return attribute.error();
    }
    attributes.push_back(std::move(*attribute));
  }
  return attributes;
}

Resources with_detected(const Resources& given, const std::string& work_dir,
                        const std::string& default_role) {
  std::set<std::string> names;
  for (const auto& resource : given) {
    names.insert(resource.name());
  }
  Resources detected;
  if (names.count("cpus") == 0) {
    detected += scalar("cpus", static_cast<double>(online_cpus()));
  }
  if (names.count("mem") == 0) {
    detected += scalar("mem", detected_mem());
  }
  if (names.count("disk") == 0) {
    detected += scalar("disk", detected_disk(work_dir));
  }
  if (names.count("ports") == 0) {
    auto ports = Resources::parse_value("ports", "[31000-32000]");
    detected += *ports;
  }
  if (default_role == "*") {
    return given + detected;
  }
  // Through the text, where a default role becomes a static reservation.
  auto reserved = Resources::parse(detected.str(), default_role);
  return given + (reserved.ok() ? *reserved : detected);
}

}  // namespace troupe::cli
