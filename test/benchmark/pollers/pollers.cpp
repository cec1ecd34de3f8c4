// Do clients that poll slow the cluster down? A master as a process of its own, agents that are
// simulated in this one, and a framework that launches tasks as fast as it gets offers; phases with
// and without clients that each ask for /state once a second take turns, so that both see the same
// machine. Prints launches a second in each, and their ratio; and how long the whole state takes,
// beside a plain copy of the same bytes.
//
//     bench_pollers [--agents=2000] [--tasks=20000] [--pollers=20] [--rounds=4] [--json=FILE]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "actors/runtime.hpp"
#include "actors/static_detector.hpp"
#include "messages/json_text.hpp"
#include "test/benchmark/pollers/load_framework.hpp"
#include "test/benchmark/pollers/master_process.hpp"
#include "test/benchmark/pollers/poller.hpp"
#include "test/benchmark/pollers/simulated_agent.hpp"

namespace troupe::benchmark {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string troupe = std::string(TROUPE_BIN) + "/troupe";
  std::size_t agents = 2'000;
  LoadFramework::Plan plan;
  std::size_t pollers = 20;
  std::size_t rounds = 4;
  double phase_seconds = 10;
  double patience_seconds = 300;
  bool compressed = false;
  std::string json;
};

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Waits until it is true; false if it takes too long.
bool wait_for(const std::string& what, double patience_seconds,
              const std::function<bool()>& condition) {
  const auto begin = Clock::now();
  while (!condition()) {
    if (since(begin) > patience_seconds) {
      std::cerr << "not done in " << patience_seconds << " s: " << what << "\n";
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::printf("%-44s %10.1f s\n", what.c_str(), since(begin));
  return true;
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// -- launches ---------------------------------------------------------------------------

struct Phase {
  double launches_per_second = 0;
  double master_cpus = 0;  ///< processors that the master kept busy
  double answers_per_second = 0;
  std::uint64_t failures = 0;
};

Phase measure(const Options& options, const MasterProcess& master, const Load& load,
              const Pollers* pollers) {
  const auto begin = Clock::now();
  const std::uint64_t launched = load.launched;
  const double cpu = master.cpu_seconds();
  const std::uint64_t answers = pollers == nullptr ? 0 : pollers->answers();
  const std::uint64_t failures = pollers == nullptr ? 0 : pollers->failures();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.phase_seconds));
  const double seconds = since(begin);
  Phase phase;
  phase.launches_per_second = static_cast<double>(load.launched - launched) / seconds;
  phase.master_cpus = (master.cpu_seconds() - cpu) / seconds;
  if (pollers != nullptr) {
    phase.answers_per_second = static_cast<double>(pollers->answers() - answers) / seconds;
    phase.failures = pollers->failures() - failures;
  }
  return phase;
}

void print(const char* name, const Phase& phase) {
  std::printf("%-12s %10.0f launches/s   master %5.2f cpus   %6.1f states/s   %llu failed\n", name,
              phase.launches_per_second, phase.master_cpus, phase.answers_per_second,
              static_cast<unsigned long long>(phase.failures));
}

struct Launches {
  double alone = 0;
  double polled = 0;
  std::uint64_t failures = 0;
  [[nodiscard]] double ratio() const { return alone == 0 ? 0 : polled / alone; }
};

/// Phases without and with pollers in turn; medians.
Launches measure_launches(const Options& options, const MasterProcess& master, Load* load) {
  const std::string url = "http://" + master.address() + "/state";
  std::vector<double> alone;
  std::vector<double> polled;
  Launches result;
  load->measuring = true;
  std::this_thread::sleep_for(std::chrono::seconds(3));  // Until it is at its pace.
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const Phase without = measure(options, master, *load, nullptr);
    print("alone", without);
    alone.push_back(without.launches_per_second);
    const Pollers pollers(options.pollers, url, std::chrono::seconds(1), options.compressed);
    const Phase with = measure(options, master, *load, &pollers);
    print("polled", with);
    polled.push_back(with.launches_per_second);
    result.failures += with.failures;
  }
  load->measuring = false;
  result.alone = median(alone);
  result.polled = median(polled);
  return result;
}

// -- the whole state --------------------------------------------------------------------------

struct WholeState {
  std::size_t bytes = 0;
  double first_byte_seconds = 0;
  double seconds = 0;
  double copy_seconds = 0;  ///< memcpy of the same bytes
};

double seconds_of_copy(const std::string& bytes) {
  std::string copy(bytes.size(), '\0');
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    const auto begin = Clock::now();
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    times.push_back(since(begin));
  }
  return copy == bytes ? median(times) : 0;
}

/// Nobody else asks, so that each answer is made anew: the state changes with every cycle.
WholeState measure_state(const std::string& master) {
  std::vector<double> first;
  std::vector<double> all;
  std::string body;
  for (int i = 0; i < 9; ++i) {
    body.clear();
    const Fetched fetched = fetch("http://" + master + "/state", false, &body);
    if (fetched.status != 200) {
      return {};
    }
    first.push_back(fetched.first_byte_seconds);
    all.push_back(fetched.seconds);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  }
  return {body.size(), median(first), median(all), seconds_of_copy(body)};
}

// -- all of it --------------------------------------------------------------------------------

void spawn_agents(Runtime& runtime, const Options& options, const Pid& master,
                  std::atomic<std::size_t>* registered) {
  const Resources resources = *Resources::parse("cpus:16;mem:16384;disk:16384");
  for (std::size_t i = 1; i <= options.agents; ++i) {
    runtime.spawn_new<SimulatedAgent>(SimulatedAgent::Options{i, master, resources, registered});
  }
}

void spawn_framework(Runtime& runtime, const Options& options, const Address& master, Load* load) {
  SchedulerOptions scheduler;
  scheduler.framework.set_user("root");
  scheduler.framework.set_name("load");
  scheduler.detector = std::make_shared<StaticDetector>(master);
  runtime.spawn_new<LoadFramework>(std::move(scheduler), options.plan, load);
}

void report(const Options& options, const Launches& launches, const WholeState& state,
            double memory) {
  std::printf("\nlaunches/s: %.0f alone, %.0f with %zu pollers: ratio %.3f (wanted: over 0.9)\n",
              launches.alone, launches.polled, options.pollers, launches.ratio());
  std::printf(
      "whole state: %.1f MB in %.1f ms (first byte after %.1f ms); memcpy %.1f ms: "
      "ratio %.1f\n",
      static_cast<double>(state.bytes) / 1e6, state.seconds * 1e3, state.first_byte_seconds * 1e3,
      state.copy_seconds * 1e3, state.copy_seconds == 0 ? 0 : state.seconds / state.copy_seconds);
  std::printf("memory of the master: %.0f MB\n", memory / 1e6);
  if (options.json.empty()) {
    return;
  }
  JsonText json;
  json.begin_object();
  json.number("agents", static_cast<double>(options.agents));
  json.number("tasks", static_cast<double>(options.plan.long_tasks));
  json.number("pollers", static_cast<double>(options.pollers));
  json.number("launches_per_second_alone", launches.alone);
  json.number("launches_per_second_polled", launches.polled);
  json.number("launches_ratio", launches.ratio());
  json.number("failed_polls", static_cast<double>(launches.failures));
  json.number("state_bytes", static_cast<double>(state.bytes));
  json.number("state_first_byte_seconds", state.first_byte_seconds);
  json.number("state_seconds", state.seconds);
  json.number("memcpy_seconds", state.copy_seconds);
  json.number("master_resident_bytes", memory);
  json.end_object();
  std::ofstream(options.json) << json.take() << "\n";
}

int run(const Options& options) {
  const MasterProcess master({options.troupe, "master", "--port=0", "--root_submissions=true"});
  const auto address = Address::parse(master.address());
  auto runtime = Runtime::create({});
  if (!address || !runtime) {
    std::cerr << "no master: " << options.troupe << "\n";
    return 2;
  }
  std::atomic<std::size_t> registered{0};
  Load load;
  spawn_agents(**runtime, options, Pid{"master", *address}, &registered);
  if (!wait_for(std::to_string(options.agents) + " agents are registered", options.patience_seconds,
                [&] { return registered == options.agents; })) {
    return 1;
  }
  spawn_framework(**runtime, options, *address, &load);
  if (!wait_for(std::to_string(options.plan.long_tasks) + " tasks run", options.patience_seconds,
                [&] { return load.long_tasks == options.plan.long_tasks; })) {
    return 1;
  }
  const WholeState state = measure_state(master.address());
  const Launches launches = measure_launches(options, master, &load);
  report(options, launches, state, master.resident_bytes());
  return state.bytes == 0 || launches.alone == 0 ? 1 : 0;
}

}  // namespace
}  // namespace troupe::benchmark

int main(int argc, char** argv) {
  troupe::benchmark::Options options;
  CLI::App app("Do clients that poll slow the cluster down?");
  app.add_option("--troupe", options.troupe, "The program, if not the one of this build");
  app.add_option("--agents", options.agents, "Simulated agents")->capture_default_str();
  app.add_option("--tasks", options.plan.long_tasks, "Tasks that run all the time")
      ->capture_default_str();
  app.add_option("--short_tasks", options.plan.short_tasks_per_offer, "Short tasks an offer")
      ->capture_default_str();
  app.add_option("--pollers", options.pollers, "Clients that poll /state each second")
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Phases of each kind")->capture_default_str();
  app.add_option("--seconds", options.phase_seconds, "Of a phase")->capture_default_str();
  app.add_flag("--gzip", options.compressed, "Pollers take compressed answers");
  app.add_option("--json", options.json, "File for the numbers");
  CLI11_PARSE(app, argc, argv);
  return troupe::benchmark::run(options);
}
