#include "cli/flags.hpp"

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

/// The variable that gives this flag: TROUPE_NAME if it is set, else MESOS_NAME.
std::string variable_of(const std::string& name) {
  const std::string ours = "TROUPE_" + upper(name);
  // Parsing comes before any thread starts.
  if (std::getenv(ours.c_str()) != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    return ours;
  }
  const std::string theirs = "MESOS_" + upper(name);
  return std::getenv(theirs.c_str()) != nullptr ? theirs : ours;  // NOLINT(concurrency-mt-unsafe)
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
    std::string name;
    std::optional<std::string> default_text;
    Setter setter;
    std::vector<std::string> given;  // What CLI11 found, at most one.
    CLI::Option* option = nullptr;
  };

  std::string verb;
  CLI::App app;
  std::vector<std::unique_ptr<Flag>> flags;
  std::map<std::string, std::string> values;

  Flag& add(const std::string& name, const std::string& help) {
    flags.push_back(std::make_unique<Flag>());
    auto& flag = *flags.back();
    flag.name = name;
    flag.option = app.add_option("--" + name, flag.given, help);
    flag.option->envname(variable_of(name))->expected(1)->take_last();
    return flag;
  }

  Result<void> set(Flag& flag) {
    if (flag.given.empty() && !flag.default_text) {
      return {};
    }
    auto text = flag.given.empty() ? Result<std::string>(*flag.default_text)
                                   : resolve_file(flag.given.back());
    if (!text.ok()) {
      return invalid("--" + flag.name + "=" + flag.given.back() + ": " + text.error().message);
    }
    if (auto done = flag.setter(*text); !done.ok()) {
      return invalid("--" + flag.name + "=" + *text + ": " + done.error().message);
    }
    values[flag.name] = *text;
    return {};
  }
};

Flags::Flags(std::string verb, const std::string& summary) : impl_(std::make_unique<Impl>()) {
  impl_->verb = std::move(verb);
  auto& app = impl_->app;
  app.description(summary);
  app.name("troupe " + impl_->verb);
  app.set_help_flag("--help", "Print this text and end");
  app.set_config("--config", "", "File of name=value lines, a flag each");
  app.get_formatter()->column_width(36);
}

Flags::~Flags() = default;

void Flags::add(const std::string& name, const std::string& default_text, const std::string& help,
                Setter setter) {
  auto& flag = impl_->add(name, help);
  flag.default_text = default_text;
  flag.setter = std::move(setter);
  flag.option->type_name("TEXT")->default_str(default_text.empty() ? "\"\"" : default_text);
}

void Flags::add_optional(const std::string& name, const std::string& help, Setter setter) {
  auto& flag = impl_->add(name, help);
  flag.setter = std::move(setter);
}

void Flags::add_bool(const std::string& name, bool* target, const std::string& help, char letter) {
  const std::string short_name = letter == 0 ? "" : std::string("-") + letter + ",";
  const bool initial = *target;
  auto* option = impl_->app.add_flag(short_name + "--" + name + ",!--no-" + name, *target, help);
  option->envname(variable_of(name))->default_str(initial ? "true" : "false");
  impl_->flags.push_back(std::make_unique<Impl::Flag>());
  auto& flag = *impl_->flags.back();
  flag.name = name;
  flag.default_text = "";
  flag.option = option;
  flag.setter = [this, target, name](const std::string&) {
    impl_->values[name] = *target ? "true" : "false";
    return Result<void>();
  };
}

void Flags::add_list(const std::string& name, std::vector<std::string>* target,
                     const std::string& help) {
  impl_->app.add_option("--" + name, *target, help)->expected(1)->allow_extra_args(false);
}

void Flags::allow_arguments(std::vector<std::string>* target, const std::string& name,
                            const std::string& help) {
  impl_->app.add_option(name, *target, help);
  impl_->app.positionals_at_end();
}

void Flags::set_default(const std::string& name, const std::string& default_text) {
  for (auto& flag : impl_->flags) {
    if (flag->name == name) {
      flag->default_text = default_text;
      flag->option->default_str(default_text.empty() ? "\"\"" : default_text);
    }
  }
}

void Flags::alias(const std::string& name, const std::string& other) {
  for (auto& flag : impl_->flags) {
    if (flag->name == other) {
      auto* setter = flag.get();
      impl_->app
          .add_option_function<std::string>(
              "--" + name, [setter](const std::string& text) { setter->given = {text}; },
              "Another name of --" + other)
          ->envname(variable_of(name));
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
  for (auto& flag : impl_->flags) {
    if (auto done = impl_->set(*flag); !done.ok()) {
      std::cerr << "troupe " << impl_->verb << ": " << done.error().message << "\n";
      return 2;
    }
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
