#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What each metric means: the one table from Mesos's flat names ("master/tasks_running") to
/// families with labels (troupe_master_tasks{state="running"}), help and unit. Pure. Threads: any.
/// Source: mesos-semantics 9.5; OpenMetrics 1.0 for the names of families and units.
namespace troupe::metrics {

enum class Type { kCounter, kGauge, kSummary };

/// Metrics that are alike but for their labels.
struct Family {
  std::string name;  ///< without what the samples of a type add ("_total")
  Type type = Type::kGauge;
  std::string unit;  ///< "seconds", "bytes", "ratio", or none; then the name ends with it
  std::string help;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// What a flat name is shown as.
struct Meaning {
  /// Null if other metrics say the same: it is not shown on its own.
  const Family* family = nullptr;
  std::string suffix;  ///< of the sample: "", "_count", "_sum"
  Labels labels;       ///< in the order of the table
  double scale = 1;    ///< from the flat value to the family's unit
};

/// nullopt if the table has no entry for the name.
std::optional<Meaning> meaning_of(const std::string& flat_name);

/// Every family of the table, by name.
const std::map<std::string, Family>& families();

/// Matches a flat name against a pattern of the table. Between its letters a pattern has captures:
/// `{label}` some letters without "/", `{label*}` any letters or none, `{label=a|b}` one of these,
/// `{label%}` as the first, or none, percent-decoded. nullopt if the name does not match.
std::optional<Labels> match(std::string_view pattern, std::string_view name);

}  // namespace troupe::metrics
