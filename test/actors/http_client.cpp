#include "test/actors/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

namespace troupe::test {
namespace {

std::string talk(const Address& address, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(address.port);
  peer.sin_addr.s_addr = htonl(address.ip);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::recv(fd, buffer, sizeof(buffer), 0)) > 0) {
      answer.append(buffer, static_cast<std::size_t>(count));
    }
  }
  ::close(fd);
  return answer;
}

std::string join_chunks(const std::string& chunked) {
  std::string body;
  std::size_t at = 0;
  while (at < chunked.size()) {
    const auto size = std::strtoul(chunked.c_str() + at, nullptr, 16);
    const auto line_end = chunked.find("\r\n", at);
    if (size == 0 || line_end == std::string::npos) {
      break;
    }
    body += chunked.substr(line_end + 2, size);
    at = line_end + 2 + size + 2;
  }
  return body;
}

}  // namespace

http::Response ask_over_socket(const Address& address, const std::string& method,
                               const std::string& target) {
  const auto answer = talk(address, method + " " + target + " HTTP/1.1\r\nHost: " + address.str() +
                                        "\r\nConnection: close\r\n\r\n");
  http::Response response;
  response.status = 0;
  const auto head_end = answer.find("\r\n\r\n");
  if (head_end == std::string::npos) {
    return response;
  }
  response.status = std::atoi(answer.c_str() + answer.find(' '));
  auto line = answer.find("\r\n");
  while (line < head_end) {
    const auto end = answer.find("\r\n", line + 2);
    const auto colon = answer.find(": ", line);
    response.headers[answer.substr(line + 2, colon - line - 2)] =
        answer.substr(colon + 2, end - colon - 2);
    line = end;
  }
  response.body = answer.substr(head_end + 4);
  if (response.headers.count("Transfer-Encoding") != 0) {
    response.body = join_chunks(response.body);
  }
  return response;
}

}  // namespace troupe::test
