#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "program.hpp"
#include "test/adapters/scratch.hpp"

namespace troupe::integration {

using agent::Scratch;

/// The path of a program of the build: "troupe", "wordcount".
std::string program(const std::string& name);

/// A program that has ended.
struct Finished {
  int status = -1;  ///< as a shell has it; -1 if it had to be killed for taking too long
  std::string out;
  std::string err;

  /// True if it said one line on stderr and nothing on stdout, as bad flags deserve.
  [[nodiscard]] bool one_line_of_complaint() const;
};

/// A master and agents as separate processes, in a folder of their own. Ports are picked by the
/// system at first and kept over restarts. With its end all of it ends, tasks included.
class Cluster {
 public:
  struct Options {
    std::size_t agents = 1;
    std::string resources = "cpus:4;mem:2048;disk:1024";
    std::vector<std::string> master_flags = {};
    std::vector<std::string> agent_flags = {};
    /// Where an agent keeps its sandboxes; empty: in the cluster's folder.
    std::string work_dir = {};
  };

  Cluster() : Cluster(Options()) {}
  explicit Cluster(Options options);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  /// IP:PORT.
  [[nodiscard]] const std::string& master_address() const { return master_.address; }
  [[nodiscard]] const std::string& agent_address(std::size_t agent) const {
    return agents_.at(agent).address;
  }
  [[nodiscard]] Program& master() { return *master_.program; }
  [[nodiscard]] Program& agent(std::size_t agent) { return *agents_.at(agent).program; }
  [[nodiscard]] std::string agent_work_dir(std::size_t agent) const;
  /// kill -9, and the same again at the same port and folder.
  void restart_master();
  void restart_agent(std::size_t agent);
  /// As many agents as there should be are registered and active.
  [[nodiscard]] bool complete() const;

  // -- the user's side -------------------------------------------------------------------
  /// Starts `troupe VERB --master=... ARGUMENTS`.
  std::unique_ptr<Program> start(const std::string& verb, std::vector<std::string> arguments = {});
  /// The same to its end.
  Finished troupe(const std::string& verb, std::vector<std::string> arguments = {});
  /// A path in the folder of the cluster.
  [[nodiscard]] std::string operator/(const std::string& name) const { return scratch_ / name; }

 private:
  struct Daemon {
    std::vector<std::string> argv;  // Without --port.
    std::string announcement;       // What it logs before its address.
    std::string address;
    std::unique_ptr<Program> program;
  };
  void launch(Daemon& daemon);
  std::string fresh_output(const std::string& name);

  Options options_;
  Scratch scratch_;
  Daemon master_;
  std::vector<Daemon> agents_;
  int started_ = 0;
};

/// Runs a program to its end. A folder of its own holds its output.
Finished run(std::vector<std::string> argv,
             const std::map<std::string, std::string>& environment = {});

}  // namespace troupe::integration
