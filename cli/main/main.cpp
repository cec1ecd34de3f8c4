#include <array>
#include <iostream>
#include <string_view>

#include "cli/verbs.hpp"
#include "messages/version.hpp"

namespace troupe::cli {

int version_verb(int /*argc*/, const char* const* /*argv*/) {
  std::cout << "troupe " << kVersion << " (speaks Mesos " << kWireVersion << ")\n";
  return 0;
}

namespace {

struct Verb {
  std::string_view name;
  int (*run)(int, const char* const*);
  std::string_view help;
};

constexpr std::array<Verb, 12> kVerbs = {{
    {"master", master_verb, "Run a master"},
    {"agent", agent_verb, "Run an agent"},
    {"slave", agent_verb, "The same, by its older name"},
    {"local", local_verb, "Run a master and some agents in one process"},
    {"run", run_verb, "Run a command on the cluster: troupe run -- COMMAND"},
    {"ps", ps_verb, "List tasks"},
    {"kill", kill_verb, "Kill a task"},
    {"logs", logs_verb, "Show what a task has written"},
    {"agents", agents_verb, "List agents"},
    {"frameworks", frameworks_verb, "List frameworks"},
    {"version", version_verb, "Show the version"},
    {"help", nullptr, "Show this text"},
}};

void print_help(std::ostream& out) {
  out << "usage: troupe VERB [flags]\n\n";
  for (const auto& verb : kVerbs) {
    out << "  " << verb.name << std::string(12 - verb.name.size(), ' ') << verb.help << "\n";
  }
  out << "\ntroupe VERB --help lists the flags of a verb.\n";
}

int run(int argc, const char* const* argv) {
  const std::string_view name = argc > 1 ? argv[1] : "help";
  if (name == "help" || name == "--help" || name == "-h") {
    print_help(std::cout);
    return 0;
  }
  if (name == "--version") {
    return version_verb(argc, argv);
  }
  for (const auto& verb : kVerbs) {
    if (verb.name == name) {
      return verb.run(argc - 1, argv + 1);
    }
  }
  std::cerr << "troupe: no such verb: " << name << " (troupe help lists them)\n";
  return 2;
}

}  // namespace
}  // namespace troupe::cli

int main(int argc, char** argv) { return troupe::cli::run(argc, argv); }
