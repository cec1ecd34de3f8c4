// Stands in for libFuzzer where it is not built in: gives a target every file of its corpus, and a
// bounded number of changes of them drawn from a seed.
//   NAME_replay CORPUS [MUTATIONS [SEED]]

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "test/fuzz/fuzz.hpp"

namespace {

// What runs now, for the handler of a crash.
char current[256];

void tell_current(int number) {
  if (write(STDERR_FILENO, current, std::strlen(current)) < 0) {
    _exit(2);
  }
  signal(number, SIG_DFL);
  raise(number);
}

void run(const std::string& input, const std::string& what) {
  std::snprintf(current, sizeof(current), "failed: %s\n", what.c_str());
  // A buffer of exactly its size, so that a sanitizer sees a read past its end.
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  bytes.shrink_to_fit();
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string mutated(const std::vector<std::string>& corpus, std::mt19937_64& chance) {
  const auto below = [&](std::size_t limit) {
    return limit == 0 ? std::size_t{0} : static_cast<std::size_t>(chance() % limit);
  };
  auto input = corpus[below(corpus.size())];
  for (auto changes = 1 + below(5); changes > 0; --changes) {
    const auto at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        input.insert(at, 1, static_cast<char>(chance()));
        break;
      case 1:
        input.erase(at, 1 + below(16));
        break;
      case 2:
        if (at < input.size()) {
          input[at] = static_cast<char>(chance());
        }
        break;
      case 3:
        if (at < input.size()) {
          input[at] = static_cast<char>(input[at] ^ 1 << below(8));
        }
        break;
      case 4: {
        const auto& other = corpus[below(corpus.size())];
        input.insert(at, other.substr(below(other.size()), below(64)));
        break;
      }
      default:
        input.insert(at, input.substr(below(input.size()), below(64)));
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " CORPUS [MUTATIONS [SEED]]\n";
    return 2;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
    signal(number, tell_current);
  }
  const std::size_t mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5'000;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 4711;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    run(corpus.back(), file.string());
  }
  if (corpus.empty()) {
    std::cerr << argv[1] << ": no file to begin with\n";
    return 1;
  }
  std::mt19937_64 chance(seed);
  for (std::size_t i = 0; i < mutations; ++i) {
    run(mutated(corpus, chance),
        "mutation " + std::to_string(i) + " of seed " + std::to_string(seed));
  }
  std::cout << corpus.size() << " files and " << mutations << " mutations of seed " << seed
            << " passed\n";
  return 0;
}
