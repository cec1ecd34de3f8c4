#include "messages/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe {

InvariantFailure::InvariantFailure(const char* condition, const char* file, int line) {
  text_ << file << ":" << line << ": broken invariant: " << condition << ": ";
}

InvariantFailure::~InvariantFailure() {
  std::fprintf(stderr, "%s\n", text_.str().c_str());
  std::abort();
}

}  // namespace troupe
