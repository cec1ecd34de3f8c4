#include "cli/flags.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

namespace troupe::cli {

namespace {

std::string upper(std::string text) {
  for (auto& c : text) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

/// What the environment says of a flag: TROUPE_NAME, else MESOS_NAME; an empty one says nothing.
std::optional<std::string> from_environment(const std::string& name) {
  for (const char* prefix : {"TROUPE_", "MESOS_"}) {
    // Parsing comes before any thread starts.
    const char* value =
        std::getenv((prefix + upper(name)).c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0') {
      return value;
    }
  }
  return std::nullopt;
}

std::string stripped(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r");
  return begin == std::string::npos
             ? ""
             : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Lines of name=value; '#' begins a comment line.
Result<std::map<std::string, std::string>> read_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return not_found("cannot read " + path);
  }
  std::map<std::string, std::string> values;
  std::string line;
  while (std::getline(file, line)) {
    line = stripped(line);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string::npos) {
      std::string message = path;
      message.append(": '").append(line).append("' is not NAME=VALUE");
      return invalid(std::move(message));
    }
    values[stripped(line.substr(0, equals))] = stripped(line.substr(equals + 1));
  }
  return values;
}

Result<std::string> resolve_file(const std::string& text) {
  constexpr std::string_view kScheme = "file://";
  if (text.compare(0, kScheme.size(), kScheme) != 0) {
    return text;
  }
  const std::string path = text.substr(kScheme.size());
  std::ifstream file(path);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) {
    return not_found("cannot read " + path);
  }
  std::string value = content.str();
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) {
    value.pop_back();
  }
  return value;
}

}  // namespace

struct Flags::Impl {
  struct Flag {
    std::vector<std::string> names;  // Its own, then aliases.
    std::optional<std::string> default_text;
    Setter setter;
    std::vector<std::string> given;  // On the command line; the last one counts.
    bool is_bool = false;
    bool truth = false;  // Of a bool on the command line.
    CLI::Option* option = nullptr;
  };

  std::string verb;
  CLI::App app;
  std::string config;
  std::map<std::string, std::string> configured;
  std::vector<std::unique_ptr<Flag>> flags;
  std::map<std::string, std::string> values;

  Flag& add(const std::string& name) {
    flags.push_back(std::make_unique<Flag>());
    flags.back()->names = {name};
    return *flags.back();
  }

  /// The first that says something: command line, environment, file, default.
  [[nodiscard]] std::optional<std::string> text_of(const Flag& flag) const {
    if (flag.is_bool && flag.option->count() > 0) {
      return flag.truth ? "true" : "false";
    }
    if (!flag.given.empty()) {
      return flag.given.back();
    }
    for (const auto& name : flag.names) {
      if (auto value = from_environment(name)) {
        return value;
      }
    }
    for (const auto& name : flag.names) {
      if (const auto found = configured.find(name); found != configured.end()) {
        return found->second;
      }
    }
    return flag.default_text;
  }

  Result<void> set(const Flag& flag) {
    const auto text = text_of(flag);
    if (!text) {
      return {};
    }
    const std::string& name = flag.names.front();
    auto value = resolve_file(*text);
    if (!value.ok()) {
      return invalid("--" + name + "=" + *text + ": " + value.error().message);
    }
    if (auto done = flag.setter(*value); !done.ok()) {
      return invalid("--" + name + "=" + *value + ": " + done.error().message);
    }
    values[name] = *value;
    return {};
  }

  [[nodiscard]] bool knows(const std::string& name) const {
    return std::any_of(flags.begin(), flags.end(), [&](const auto& flag) {
      return std::find(flag->names.begin(), flag->names.end(), name) != flag->names.end();
    });
  }

  Result<void> set_all() {
    if (!config.empty()) {
      auto read = read_config(config);
      if (!read.ok()) {
        return invalid("--config=" + config + ": " + read.error().message);
      }
      configured = std::move(*read);
    }
    for (const auto& [name, value] : configured) {
      if (!knows(name)) {
        return invalid("--config=" + config + ": there is no flag '" + name + "'");
      }
    }
    for (const auto& flag : flags) {
      if (auto done = set(*flag); !done.ok()) {
        return done;
      }
    }
    return {};
  }
};

Flags::Flags(std::string verb, const std::string& summary) : impl_(std::make_unique<Impl>()) {
  impl_->verb = std::move(verb);
  auto& app = impl_->app;
  app.description(summary);
  app.name("troupe " + impl_->verb);
  app.set_help_flag("--help", "Print this text and end");
  app.add_option("--config", impl_->config, "File of name=value lines, a flag each");
  app.footer(
      "A flag that is not given comes from the environment, as TROUPE_NAME or MESOS_NAME, else "
      "from --config. A value file:///path stands for what is in that file.");
  app.get_formatter()->column_width(36);
}

Flags::~Flags() = default;

void Flags::add(const std::string& name, const std::string& default_text, const std::string& help,
                Setter setter) {
  add_optional(name, help, std::move(setter));
  set_default(name, default_text);
}

void Flags::add_optional(const std::string& name, const std::string& help, Setter setter) {
  auto& flag = impl_->add(name);
  flag.setter = std::move(setter);
  flag.option = impl_->app.add_option("--" + name, flag.given, help);
  flag.option->expected(1)->allow_extra_args(false)->take_last()->type_name("TEXT");
}

void Flags::add_bool(const std::string& name, bool* target, const std::string& help, char letter) {
  const std::string short_name = letter == 0 ? "" : std::string("-") + letter + ",";
  auto& flag = impl_->add(name);
  flag.is_bool = true;
  flag.default_text = *target ? "true" : "false";
  flag.option = impl_->app.add_flag(short_name + "--" + name + ",!--no-" + name, flag.truth, help);
  flag.option->default_str(*flag.default_text);
  flag.setter = [target](const std::string& text) -> Result<void> {
    if (text != "true" && text != "false" && text != "1" && text != "0") {
      return invalid("true or false is wanted");
    }
    *target = text == "true" || text == "1";
    return {};
  };
}

void Flags::add_list(const std::string& name, std::vector<std::string>* target,
                     const std::string& help) {
  impl_->app.add_option("--" + name, *target, help)->allow_extra_args(false);
}

void Flags::allow_arguments(std::vector<std::string>* target, const std::string& name,
                            const std::string& help) {
  impl_->app.add_option(name, *target, help);
  impl_->app.positionals_at_end();
}

void Flags::set_default(const std::string& name, const std::string& default_text) {
  for (auto& flag : impl_->flags) {
    if (flag->names.front() == name) {
      flag->default_text = default_text;
      flag->option->default_str(default_text.empty() ? "\"\"" : default_text);
    }
  }
}

void Flags::alias(const std::string& name, const std::string& other) {
  for (auto& flag : impl_->flags) {
    if (flag->names.front() == other) {
      flag->names.push_back(name);
      impl_->app.add_option_function<std::string>(
          "--" + name, [one = flag.get()](const std::string& text) { one->given = {text}; },
          "Another name of --" + other);
      return;
    }
  }
}

std::optional<int> Flags::parse(int argc, const char* const* argv) {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << impl_->app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::string line = error.what();
    line = line.substr(0, line.find('\n'));
    std::cerr << "troupe " << impl_->verb << ": " << line << " (--help lists the flags)\n";
    return 2;
  }
  if (auto done = impl_->set_all(); !done.ok()) {
    std::cerr << "troupe " << impl_->verb << ": " << done.error().message << "\n";
    return 2;
  }
  return std::nullopt;
}

const std::map<std::string, std::string>& Flags::values() const { return impl_->values; }

// -- setters ------------------------------------------------------------------------

Flags::Setter into(std::string* target) {
  return [target](const std::string& text) {
    *target = text;
    return Result<void>();
  };
}

Flags::Setter into(std::optional<std::string>* target) {
  return [target](const std::string& text) {
    *target = text;
    return Result<void>();
  };
}

Flags::Setter into(Duration* target) {
  return [target](const std::string& text) -> Result<void> {
    auto duration = parse_duration(text);
    if (!duration.ok()) {
      return duration.error();
    }
    if (*duration < Duration::zero()) {
      return invalid("a duration of at least 0ns is wanted");
    }
    *target = *duration;
    return {};
  };
}

Flags::Setter into(std::optional<Duration>* target) {
  return [target](const std::string& text) -> Result<void> {
    Duration duration{};
    auto done = into(&duration)(text);
    if (done.ok()) {
      *target = duration;
    }
    return done;
  };
}

Flags::Setter into(std::size_t* target, std::size_t min, std::size_t max) {
  return [=](const std::string& text) -> Result<void> {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
      return invalid("a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
                     " is wanted");
    }
    *target = value;
    return {};
  };
}

Flags::Setter into(std::uint16_t* target) {
  return [target](const std::string& text) -> Result<void> {
    std::size_t value = 0;
    auto done = into(&value, 0, std::numeric_limits<std::uint16_t>::max())(text);
    if (done.ok()) {
      *target = static_cast<std::uint16_t>(value);
    }
    return done;
  };
}

Flags::Setter into(double* target, double min, double max) {
  return [=](const std::string& text) -> Result<void> {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !std::isfinite(value) || value < min || value > max) {
      std::ostringstream wanted;
      wanted << "a number from " << min << " to " << max << " is wanted";
      return invalid(wanted.str());
    }
    *target = value;
    return {};
  };
}

Flags::Setter into(std::set<std::string>* target) {
  return [target](const std::string& text) {
    std::stringstream stream(text);
    std::string item;
    while (std::getline(stream, item, ',')) {
      if (!item.empty()) {
        target->insert(item);
      }
    }
    return Result<void>();
  };
}

}  // namespace troupe::cli
