#pragma once

// Private to actors/.

#include <map>
#include <string>
#include <string_view>

#include "actors/http.hpp"

namespace troupe::http {

/// The routes of one process. Pure; one owner.
/// Source: mesos-semantics 3.2 (end), 12.1 and 12.9.
class Routes {
 public:
  struct Found {
    const Handler* handler = nullptr;  ///< null: none
    std::string_view rest;             ///< of the path: "" or "/x"
  };

  /// `path` starts with '/'. A second handler for the same path replaces the first.
  void add(const std::string& path, Handler handler);
  /// The longest route that is the path or a prefix of it ending at a '/'. A trailing slash counts
  /// as nothing. The route "/" matches only "" and "/": the page of a process itself.
  [[nodiscard]] Found find(std::string_view path) const;

 private:
  std::map<std::string, Handler, std::less<>> handlers_;
};

/// The first segment of a path: "slave%281%29" of "/slave%281%29/state"; "" of "//x".
std::string_view first_segment(std::string_view path);

/// True if a path climbs out of what it names: such are answered 404 before any routing.
bool climbs(std::string_view path);

/// 404: no process and no route answers for that path.
Response nothing_at(const std::string& path);

}  // namespace troupe::http
