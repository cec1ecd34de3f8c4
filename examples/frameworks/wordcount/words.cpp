#include "wordcount/words.hpp"

#include <charconv>
#include <fstream>

namespace wordcount {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

troupe::Result<Counts> count_part(const std::string& path, std::uint64_t begin, std::uint64_t end) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return troupe::not_found("cannot read " + path);
  }
  // A word that began before `begin` belongs to the part before: look at the byte in front.
  bool inside_earlier = false;
  if (begin > 0) {
    file.seekg(static_cast<std::streamoff>(begin - 1));
    inside_earlier = is_letter(static_cast<char>(file.get()));
  }
  Counts counts;
  std::string word;
  std::uint64_t at = begin;
  for (int c = file.get();; c = file.get(), ++at) {
    const bool letter = c != std::ifstream::traits_type::eof() && is_letter(static_cast<char>(c));
    if (letter && !inside_earlier) {
      word += lower(static_cast<char>(c));
    } else if (!letter) {
      inside_earlier = false;
      if (!word.empty()) {
        ++counts[word];
        word.clear();
      }
    }
    const bool past_end = at + 1 >= end;
    if (c == std::ifstream::traits_type::eof() || (past_end && word.empty())) {
      return counts;
    }
  }
}

std::string to_lines(const Counts& counts) {
  std::string lines;
  for (const auto& [word, count] : counts) {
    lines += std::to_string(count) + " " + word + "\n";
  }
  return lines;
}

void add_lines(std::string_view lines, Counts* counts) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
    const auto parsed = static_cast<std::size_t>(end - line.data());
    if (error == std::errc() && parsed + 1 < line.size()) {
      (*counts)[std::string(line.substr(parsed + 1))] += count;
    }
  }
}

/// FNV-1a: the same on every machine, unlike std::hash.
std::size_t reducer_of(std::string_view word, std::size_t reducers) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : word) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash % reducers;
}

}  // namespace wordcount
