#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe::cli {

/// The flags of one verb. A value comes from the command line (`--name=value`), else from the
/// environment (`TROUPE_NAME`, else `MESOS_NAME`), else from the file given with `--config`
/// (`name=value` lines), else it is the default. A value `file:///path` stands for what is in that
/// file. Threads: one.
/// Source: mesos-semantics 0.1.
class Flags {
 public:
  /// Takes the text over, or says what is wrong with it.
  using Setter = std::function<Result<void>(const std::string& text)>;

  /// `verb`, as in `troupe VERB`; `summary`, the first line of --help.
  Flags(std::string verb, const std::string& summary);
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;
  ~Flags();

  /// A flag with a default, which goes through `setter` as well. `help` says what and in which
  /// unit.
  void add(const std::string& name, const std::string& default_text, const std::string& help,
           Setter setter);
  /// A flag that may be absent.
  void add_optional(const std::string& name, const std::string& help, Setter setter);
  /// `--name`, `--name=false`, `--no-name`; also `-l` if there is a letter.
  void add_bool(const std::string& name, bool* target, const std::string& help, char letter = 0);
  /// May be given several times.
  void add_list(const std::string& name, std::vector<std::string>* target, const std::string& help);
  /// Everything that is no flag, or follows `--`.
  void allow_arguments(std::vector<std::string>* target, const std::string& name,
                       const std::string& help);
  /// Another default of a flag that was added.
  void set_default(const std::string& name, const std::string& default_text);
  /// Another name of a flag that was added: `--authenticate` of `authenticate_frameworks`.
  void alias(const std::string& name, const std::string& other);

  /// Parses and sets everything. nullopt: go on. 0: --help was asked for and printed. 2: one line
  /// on stderr said what is wrong.
  std::optional<int> parse(int argc, const char* const* argv);
  /// After parse(): every flag that has a value, as text, for /flags.
  [[nodiscard]] const std::map<std::string, std::string>& values() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// -- setters ------------------------------------------------------------------------
Flags::Setter into(std::string* target);
Flags::Setter into(std::optional<std::string>* target);
Flags::Setter into(Duration* target);
Flags::Setter into(std::optional<Duration>* target);
/// A whole number of at least `min` and at most `max`.
Flags::Setter into(std::size_t* target, std::size_t min, std::size_t max);
Flags::Setter into(std::uint16_t* target);
Flags::Setter into(double* target, double min, double max);
/// "a,b,c".
Flags::Setter into(std::set<std::string>* target);

}  // namespace troupe::cli
