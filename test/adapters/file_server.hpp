#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::agent {

/// An HTTP server for tests on 127.0.0.1: gives out what it was told, one connection at a time,
/// and counts. A path it does not know is 404.
class FileServer {
 public:
  struct Page {
    std::string body = {};
    int status = 200;
    std::string location = {};  ///< where to, of a redirect
    std::size_t cut_after = 0;  ///< ends the connection after so many bytes of the body; 0: never
    bool stalls = false;        ///< sends half of the body, then nothing until the server ends
  };

  FileServer();
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;
  ~FileServer();

  void put(const std::string& path, Page page);
  [[nodiscard]] std::string url(const std::string& path) const;
  int requests(const std::string& path);

 private:
  void run();
  void answer(int connection);

  int listener_ = -1;
  int port_ = 0;
  int stop_ = -1;  // An eventfd: readable when the server ends.
  std::mutex mutex_;
  std::map<std::string, Page> pages_;
  std::map<std::string, int> requests_;
  std::thread thread_;
};

}  // namespace troupe::agent
