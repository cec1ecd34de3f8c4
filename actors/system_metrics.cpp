#include "actors/system_metrics.hpp"

#include <sstream>
#include <thread>

namespace troupe {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 10;

std::istringstream open(Files& files, const std::string& path) {
  Result<std::string> text = files.read(path, 0, kMaxBytes);
  return std::istringstream(text ? std::move(*text) : std::string());
}

}  // namespace

void add_system_metrics(Files& files, std::map<std::string, double>* metrics) {
  (*metrics)["system/cpus_total"] = std::thread::hardware_concurrency();
  auto loads = open(files, "/proc/loadavg");
  for (const char* name : {"system/load_1min", "system/load_5min", "system/load_15min"}) {
    double load = 0;
    if (loads >> load) {
      (*metrics)[name] = load;
    }
  }
  auto memory = open(files, "/proc/meminfo");  // "MemTotal:       16310892 kB"
  std::string name;
  std::string unit;
  double kilobytes = 0;
  while (memory >> name >> kilobytes && std::getline(memory, unit)) {
    if (name == "MemTotal:") {
      (*metrics)["system/mem_total_bytes"] = kilobytes * 1024;
    } else if (name == "MemFree:") {
      (*metrics)["system/mem_free_bytes"] = kilobytes * 1024;
    }
  }
}

}  // namespace troupe
