#include "actors/net/prober/curl_prober.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "test/net/support.hpp"

namespace troupe {
namespace {

using test::RawListener;
using test::RawSocket;

/// Where an answer must come by far before it.
constexpr Duration kLong = test::kPatience;
/// Where there is none.
constexpr Duration kShort = std::chrono::milliseconds(100);

/// What somebody is told once.
template <class T>
class Told {
 public:
  std::function<void(Result<T>)> callback() {
    return [promise = promise_](const Result<T>& result) { promise->set_value(result); };
  }
  Result<T> wait() {
    auto future = promise_->get_future();
    if (future.wait_for(test::kPatience * 2) != std::future_status::ready) {
      return internal_error("nobody told");
    }
    return future.get();
  }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

std::string url(const Address& address, const std::string& path = "/") {
  return "http://" + address.str() + path;
}

/// 200, or the name of the error's code.
std::string outcome(const Result<int>& result) {
  if (result.ok()) {
    return std::to_string(*result);
  }
  return result.error().code == ErrorCode::kUnavailable ? "unavailable"
         : result.error().code == ErrorCode::kInvalid   ? "invalid"
                                                        : result.error().message;
}

/// What the prober makes of a server that takes the request and sends `answer`, then hangs up.
std::string probe(const std::string& answer) {
  CurlProber prober;
  RawListener server;
  Told<int> told;
  prober.http(url(server.address(), "/up"), kLong, told.callback());
  RawSocket peer = server.accept();
  EXPECT_EQ(peer.read_until("\r\n\r\n").substr(0, 17), "GET /up HTTP/1.1\r");
  peer.send(answer);
  peer.close();
  return outcome(told.wait());
}

TEST(Prober, TellsTheStatusOfTheAnswer) {
  EXPECT_EQ(probe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "200");
  EXPECT_EQ(probe("HTTP/1.1 204 No Content\r\n\r\n"), "204");
  EXPECT_EQ(probe("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "503");
  EXPECT_EQ(probe("HTTP/1.0 404 Not Found\r\n\r\nbody until the end"), "404");
}

TEST(Prober, DoesNotFollowRedirects) {
  EXPECT_EQ(probe("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
                  "\r\n"),
            "302");
}

TEST(Prober, WaitsForTheAnswerBehindInterimOnes) {
  EXPECT_EQ(probe("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), "200");
}

TEST(Prober, TakesNothingElseForAnAnswer) {
  EXPECT_EQ(probe(""), "unavailable");
  EXPECT_EQ(probe("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unavailable");
  EXPECT_EQ(probe(std::string("\0\1\2\3\r\n\r\n", 8)), "unavailable");
  EXPECT_EQ(probe("HTTP/1.1 103 Early Hints\r\n\r\n"), "unavailable");
  EXPECT_EQ(probe("HTTP/1.1 \r\n\r\n"), "unavailable");
}

TEST(Prober, EndsAHeadWithoutEnd) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) {
    head += "X-Filler: 0123456789012345678901234567890123456789\r\n";
  }
  EXPECT_EQ(probe(head), "unavailable");
}

TEST(Prober, DoesNotWaitForTheBody) {
  CurlProber prober;
  RawListener server;
  Told<int> told;
  prober.http(url(server.address()), kLong, told.callback());
  RawSocket peer = server.accept();
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(outcome(told.wait()), "200");
  EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST(Prober, DoesNotWaitLongerThanItsTimeout) {
  CurlProber prober;
  RawListener silent;
  Told<int> told;
  prober.http(url(silent.address()), kShort, told.callback());
  const auto result = told.wait();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(result.error().message.find(silent.address().str()), std::string::npos)
      << result.error().message;
}

TEST(Prober, DoesNotWaitForAHeadThatStops) {
  CurlProber prober;
  RawListener server;
  Told<int> told;
  prober.http(url(server.address()), kShort, told.callback());
  RawSocket peer = server.accept();
  peer.send("HTTP/1.1 200 OK\r\nContent-");
  EXPECT_EQ(outcome(told.wait()), "unavailable");
}

TEST(Prober, TellsARefusal) {
  CurlProber prober;
  Told<int> http;
  prober.http(url(test::nobody()), kLong, http.callback());
  EXPECT_EQ(outcome(http.wait()), "unavailable");
  Told<void> tcp;
  const Address nobody = test::nobody();
  prober.tcp("127.0.0.1", nobody.port, kLong, tcp.callback());
  const auto result = tcp.wait();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().message.find("127.0.0.1:" + std::to_string(nobody.port)), 0U)
      << result.error().message;
}

TEST(Prober, RefusesWhatIsNoUrl) {
  CurlProber prober;
  for (const char* bad :
       {"", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:80/\r\nX: y", "http://[::1/"}) {
    Told<int> told;
    prober.http(bad, kLong, told.callback());
    EXPECT_EQ(outcome(told.wait()), "invalid") << bad;
  }
  Told<int> told;
  prober.http("file:///etc/passwd", kLong, told.callback());
  EXPECT_FALSE(told.wait().ok()) << "HTTP only";
}

/// Takes one TLS connection with a certificate that nobody trusts, of another host, long expired.
void answer_over_tls(const RawSocket& peer, const std::string& answer) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2000);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), -1000);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("elsewhere"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
  SSL_set_fd(tls.get(), peer.fd());
  ASSERT_EQ(SSL_accept(tls.get()), 1);
  char request[1024];
  ASSERT_GT(SSL_read(tls.get(), request, sizeof(request)), 0);
  SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
  SSL_shutdown(tls.get());
}

TEST(Prober, VerifiesNoCertificate) {
  CurlProber prober;
  RawListener server;
  Told<int> told;
  prober.http("https://" + server.address().str() + "/", kLong, told.callback());
  const RawSocket peer = server.accept();
  answer_over_tls(peer, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(outcome(told.wait()), "200");
}

TEST(Prober, ConnectsAndHangsUp) {
  CurlProber prober;
  RawListener server;
  Told<void> told;
  prober.tcp("127.0.0.1", server.address().port, kLong, told.callback());
  RawSocket peer = server.accept();
  EXPECT_TRUE(peer.is_closed_by_peer()) << "without a byte";
  EXPECT_TRUE(told.wait().ok());
}

TEST(Prober, SpeaksIpv6WhenAsked) {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t length = sizeof(address);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) {
    close(fd);
    GTEST_SKIP() << "this machine has no ::1";
  }
  ASSERT_EQ(listen(fd, 8), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto port = ntohs(address.sin6_port);
  CurlProber prober;
  Told<void> tcp;
  prober.tcp("::1", port, kLong, tcp.callback());
  EXPECT_TRUE(tcp.wait().ok());
  const RawSocket connected(accept(fd, nullptr, nullptr));
  Told<int> http;
  prober.http("http://[::1]:" + std::to_string(port) + "/", kLong, http.callback());
  RawSocket peer(accept(fd, nullptr, nullptr));
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(outcome(http.wait()), "200");
  close(fd);
}

TEST(Prober, GoesThroughNoProxy) {
  setenv("http_proxy", url(test::nobody()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(probe("HTTP/1.1 200 OK\r\n\r\n"), "200");
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
}

TEST(Prober, AsksManyAtOnce) {
  constexpr int kMany = 200;
  CurlProber prober;
  RawListener server(kMany);
  std::vector<Told<int>> told(kMany);
  for (auto& one : told) {
    prober.http(url(server.address()), kLong, one.callback());
  }
  std::vector<RawSocket> peers;  // All wait before any is answered.
  peers.reserve(kMany);
  for (int i = 0; i < kMany; ++i) {
    peers.push_back(server.accept());
  }
  for (auto& peer : peers) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
  }
  for (auto& one : told) {
    EXPECT_EQ(outcome(one.wait()), "200");
  }
}

TEST(Prober, AnswersWhatIsPendingAtItsEnd) {
  RawListener silent;
  Told<int> http;
  Told<void> tcp;
  {
    CurlProber prober;
    prober.http(url(silent.address()), kForever, http.callback());
    const RawSocket peer = silent.accept();
    prober.tcp("192.0.2.1", 80, kForever, tcp.callback());
  }
  EXPECT_EQ(outcome(http.wait()), "unavailable");
  EXPECT_FALSE(tcp.wait().ok());
}

TEST(Prober, StartsNothingWithoutAProbe) { const CurlProber prober; }

}  // namespace
}  // namespace troupe
