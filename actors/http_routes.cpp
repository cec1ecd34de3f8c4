#include "actors/http_routes.hpp"

#include <utility>

namespace troupe::http {

void Routes::add(const std::string& path, Handler handler) {
  const bool slash = !path.empty() && path.back() == '/';
  handlers_[slash ? path.substr(0, path.size() - 1) : path] = std::move(handler);
}

Routes::Found Routes::find(std::string_view path) const {
  if (!path.empty() && path.back() == '/') {
    path.remove_suffix(1);
  }
  auto prefix = path;
  while (true) {
    const auto found = handlers_.find(prefix);
    if (found != handlers_.end()) {
      return {&found->second, path.substr(prefix.size())};
    }
    const auto slash = prefix.rfind('/');
    if (slash == std::string_view::npos || slash == 0) {
      return {};
    }
    prefix = prefix.substr(0, slash);
  }
}

std::string_view first_segment(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return {};
  }
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

bool climbs(std::string_view path) { return path.find("/..") != std::string_view::npos; }

Response nothing_at(const std::string& path) {
  return Response::text(404, "There is nothing at '" + path + "'\n");
}

}  // namespace troupe::http
