#include "test/adapters/file_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace troupe::agent {

FileServer::FileServer()
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), stop_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

FileServer::~FileServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(listener_);
  close(stop_);
}

void FileServer::put(const std::string& path, Page page) {
  const std::lock_guard<std::mutex> lock(mutex_);
  pages_[path] = std::move(page);
}

std::string FileServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

int FileServer::requests(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_[path];
}

void FileServer::run() {
  for (;;) {
    std::array<pollfd, 2> waits{pollfd{listener_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    poll(waits.data(), waits.size(), -1);
    if (waits[1].revents != 0) {
      return;
    }
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) {
      answer(connection);
      close(connection);
    }
  }
}

void FileServer::answer(int connection) {
  std::string head;
  std::array<char, 4096> buffer{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t length = recv(connection, buffer.data(), buffer.size(), 0);
    if (length <= 0) {
      return;
    }
    head.append(buffer.data(), static_cast<std::size_t>(length));
  }
  const std::size_t begin = head.find(' ') + 1;
  const std::string path = head.substr(begin, head.find(' ', begin) - begin);
  Page page{"not here", 404, "", 0, false};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++requests_[path];
    const auto found = pages_.find(path);
    page = found == pages_.end() ? page : found->second;
  }
  std::string text = "HTTP/1.1 " + std::to_string(page.status) + " x\r\nConnection: close\r\n" +
                     "Content-Length: " + std::to_string(page.body.size()) + "\r\n" +
                     (page.location.empty() ? "" : "Location: " + page.location + "\r\n") + "\r\n";
  if (page.stalls) {
    text += page.body.substr(0, page.body.size() / 2);
  } else {
    text += page.cut_after == 0 ? page.body : page.body.substr(0, page.cut_after);
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t sent = send(connection, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    done += static_cast<std::size_t>(sent);
  }
  if (page.stalls) {
    // Until the peer gives up or the server ends.
    std::array<pollfd, 2> waits{pollfd{connection, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    poll(waits.data(), waits.size(), -1);
  }
}

}  // namespace troupe::agent
