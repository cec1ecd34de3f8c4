#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace wordcount {

/// A word is a run of ASCII letters, in lower case: what
/// `tr -cs A-Za-z '\n' | tr A-Z a-z | sort | uniq -c` counts.
using Counts = std::map<std::string, std::uint64_t>;

/// Counts the words that begin in bytes [begin, end) of a file, so that parts of a file add up to
/// it. Errors: kNotFound, naming the file.
troupe::Result<Counts> count_part(const std::string& path, std::uint64_t begin, std::uint64_t end);

/// One "count word" line each; and back, adding to what is there.
std::string to_lines(const Counts& counts);
void add_lines(std::string_view lines, Counts* counts);

/// Which of `reducers` parts a word belongs to.
std::size_t reducer_of(std::string_view word, std::size_t reducers);

}  // namespace wordcount
