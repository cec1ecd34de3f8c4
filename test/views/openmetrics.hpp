#pragma once

#include <string>

namespace troupe::test {

/// Holds a text to OpenMetrics 1.0, strictly: its lines, names, labels, values, the order of
/// families and samples, what each type may have, and that each family has help and type.
/// Empty if all is well, else the first line that is not, and why.
std::string check_openmetrics(const std::string& text);

}  // namespace troupe::test
