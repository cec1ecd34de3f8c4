#include "test/views/openmetrics.hpp"

#include <cmath>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "messages/utf8.hpp"

namespace troupe::test {
namespace {

using Labels = std::map<std::string, std::string>;

const std::set<std::string>& types() {
  static const std::set<std::string> all = {"counter", "gauge", "summary", "unknown"};
  return all;
}

/// Reads the text line by line; the first complaint stays.
class Checker {
 public:
  std::string check(const std::string& text) {
    if (!is_utf8(text)) {
      return "not UTF-8";
    }
    if (text.empty() || text.back() != '\n') {
      return "the last line does not end";
    }
    std::istringstream lines(text);
    while (complaint_.empty() && std::getline(lines, line_)) {
      if (ended_) {
        complain("something follows # EOF");
      } else if (line_ == "# EOF") {
        end_family();
        ended_ = true;
      } else if (line_.rfind("# ", 0) == 0) {
        descriptor();
      } else {
        sample();
      }
    }
    return complaint_.empty() && !ended_ ? "no # EOF" : complaint_;
  }

 private:
  void complain(const std::string& why) {
    if (complaint_.empty()) {
      complaint_ = line_ + "\n  " + why;
    }
  }

  void descriptor() {
    static const std::regex form("# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)");
    std::smatch parts;
    if (!std::regex_match(line_, parts, form)) {
      return complain("no HELP, TYPE or UNIT");
    }
    if (parts[2] != family_) {
      begin_family(parts[2]);
    } else if (has_samples_) {
      complain("after the samples of its family");
    }
    if (!descriptors_.emplace(parts[1], parts[3]).second) {
      complain("twice");
    }
    if (parts[1] == "TYPE" && types().count(parts[3]) == 0) {
      complain("unknown type");
    }
    if (parts[1] == "UNIT" && !ends_with(family_, "_" + parts[3].str())) {
      complain("the family does not end with its unit");
    }
    if (parts[1] == "HELP" && parts[3].length() == 0) {
      complain("empty help");
    }
  }

  static bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
  }

  /// Empty if none was given.
  [[nodiscard]] std::string type() const {
    const auto found = descriptors_.find("TYPE");
    return found == descriptors_.end() ? "" : found->second;
  }

  void begin_family(const std::string& name) {
    end_family();
    family_ = name;
    if (!families_.insert(name).second) {
      complain("the family is not in one piece");
    }
  }

  void end_family() {
    if (!family_.empty() && (descriptors_.count("HELP") == 0 || descriptors_.count("TYPE") == 0)) {
      complain("family " + family_ + " has no help or no type");
    }
    if (!family_.empty() && !has_samples_) {
      complain("family " + family_ + " has no samples");
    }
    if (type() == "gauge") {
      for (const char* reserved : {"_total", "_count", "_sum", "_bucket", "_created", "_info"}) {
        if (ends_with(family_, reserved)) {
          complain("a gauge ends with " + std::string(reserved));
        }
      }
    }
    descriptors_.clear();
    has_samples_ = false;
    groups_.clear();
    group_.clear();
  }

  void sample() {
    static const std::regex form("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{.*\\})? ([^ ]+)");
    std::smatch parts;
    if (!std::regex_match(line_, parts, form)) {
      return complain("no sample");
    }
    has_samples_ = true;
    const std::string name = parts[1];
    if (name.rfind(family_, 0) != 0 || family_.empty()) {
      return complain("not of the family " + family_);
    }
    Labels labels;
    if (parts[2].matched && !read_labels(parts[2], &labels)) {
      return complain("bad labels");
    }
    check_value(parts[3]);
    check_suffix(name.substr(family_.size()), parts[3], &labels);
    check_unique(name, parts[2]);
    check_group(labels);
  }

  /// `{name="value",...}`, to the last letter.
  static bool read_labels(const std::string& text, Labels* labels) {
    static const std::regex label("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\n\"])*)\"");
    auto at = text.cbegin() + 1;
    std::smatch parts;
    while (
        std::regex_search(at, text.cend(), parts, label, std::regex_constants::match_continuous)) {
      if (parts[1].str().rfind("__", 0) == 0 || !labels->emplace(parts[1], parts[2]).second) {
        return false;
      }
      at = parts[0].second;
      if (*at == '}') {
        return at + 1 == text.cend();
      }
      if (*at++ != ',') {
        return false;
      }
    }
    return false;
  }

  void check_value(const std::string& text) {
    static const std::regex number("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?");
    if (!std::regex_match(text, number) && text != "NaN" && text != "+Inf" && text != "-Inf") {
      complain("no number");
    }
  }

  void check_suffix(const std::string& suffix, const std::string& value, Labels* labels) {
    const std::string type = this->type();
    if (type == "counter") {
      if (suffix != "_total") {
        complain("a counter's sample ends with _total");
      }
      if (!(std::strtod(value.c_str(), nullptr) >= 0)) {
        complain("a counter is never negative");
      }
    } else if (type == "summary" && suffix.empty()) {
      const auto quantile = labels->find("quantile");
      if (quantile == labels->end()) {
        return complain("a summary's value has a quantile");
      }
      const double share = std::strtod(quantile->second.c_str(), nullptr);
      if (!(share >= 0 && share <= 1)) {
        complain("a quantile is between 0 and 1");
      }
      labels->erase(quantile);
    } else if (type == "summary" ? suffix != "_count" && suffix != "_sum" : !suffix.empty()) {
      complain("a " + type + " has no sample with " + suffix);
    }
  }

  void check_unique(const std::string& name, const std::string& labels) {
    if (!series_.insert(name + labels).second) {
      complain("the same sample twice");
    }
    // `x_total` may not be a family of its own beside the counter `x`.
    if (name != family_ && families_.count(name) != 0) {
      complain("the name of another family");
    }
  }

  /// The samples of one label set stand together.
  void check_group(const Labels& labels) {
    std::string group;
    for (const auto& [name, value] : labels) {
      group += name + "=\"" + value + "\",";
    }
    if (group != group_ && !groups_.insert(group).second) {
      complain("the samples of one label set are not in one piece");
    }
    groups_.insert(group);
    group_ = group;
  }

  std::string line_;
  std::string complaint_;
  bool ended_ = false;

  std::string family_;
  std::map<std::string, std::string> descriptors_;  // Of the family, by kind.
  bool has_samples_ = false;
  std::set<std::string> groups_;  // Of the family.
  std::string group_;
  std::set<std::string> families_;
  std::set<std::string> series_;
};

}  // namespace

std::string check_openmetrics(const std::string& text) { return Checker().check(text); }

}  // namespace troupe::test
