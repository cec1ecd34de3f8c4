#include "messages/metric_names.hpp"

#include <algorithm>
#include <cctype>

#include "messages/json_dialect.hpp"

namespace troupe {

std::string metric_spelling(const std::string& enumerator) {
  std::string name = json::v0_enumerator(enumerator);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return name;
}

}  // namespace troupe
