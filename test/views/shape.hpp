#pragma once

#include <set>
#include <string>

namespace troupe::test {

/// What a JSON text is made of: `.slaves[].resources.cpus number`, one entry for each path and type
/// of value in it; array elements share a path. Not below `.flags`. A text that is no JSON has one
/// entry that says so.
std::set<std::string> shape_of(const std::string& json);

/// The lines of a file in test/golden/views. They were taken from answers of Mesos 1.12.
std::set<std::string> golden(const std::string& file);

/// `part` less `whole`, one a line: what is missing. Empty if nothing is.
std::string missing(const std::set<std::string>& part, const std::set<std::string>& whole);

}  // namespace troupe::test
