#include "master/authenticator.hpp"

#include <chrono>
#include <cstddef>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "master/logic/cram_md5.hpp"
#include "mesos/internal/authentication.pb.h"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using Credentials = std::shared_ptr<const std::map<std::string, std::string>>;

constexpr Duration kTimeout = std::chrono::seconds(15);

std::string hmac_md5(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const void* const done =
      HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  INVARIANT(done != nullptr) << "OpenSSL has no HMAC-MD5";
  return std::string(reinterpret_cast<const char*>(digest), size);
}

/// Talks to one authenticatee; answers go to who sent, not over the connection.
class Session : public Process {
 public:
  Session(const std::string& name, Credentials credentials, Pid client, Pid authenticatee,
          std::function<void(AuthenticationOutcome)> concluded)
      : Process(name),
        credentials_(std::move(credentials)),
        client_(std::move(client)),
        authenticatee_(std::move(authenticatee)),
        concluded_(std::move(concluded)) {
    install(&Session::on_start);
    install(&Session::on_step);
  }

 protected:
  void started() override {
    conversation_ = std::make_unique<CramMd5>(
        *credentials_, hmac_md5, make_challenge(random(), now(), self().address.ip_str()));
    link(authenticatee_);
    delay(kTimeout, [this] {
      perform(conversation_->abort("no answer within " + format_duration(kTimeout)));
    });
    perform(conversation_->begin());
  }

  void exited(const Pid& /*pid*/) override {
    perform(conversation_->abort("the authenticatee has gone"));
  }

 private:
  // Only the authenticatee is listened to: a stranger must not end what is between us two.
  void on_start(const Pid& from, const mesos::internal::AuthenticationStartMessage& message) {
    if (from == authenticatee_) {
      perform(conversation_->on_start(message));
    }
  }

  void on_step(const Pid& from, const mesos::internal::AuthenticationStepMessage& message) {
    if (from == authenticatee_) {
      perform(conversation_->on_step(message));
    }
  }

  void perform(const CramMd5::Turn& turn) {
    if (over_) {
      return;
    }
    send(authenticatee_, turn.reply);
    if (!turn.over) {
      return;
    }
    over_ = true;
    if (turn.principal) {
      concluded_({client_, self(), *turn.principal});
    } else {
      concluded_({client_, self(), Error{ErrorCode::kUnauthorized, turn.failure}});
    }
    terminate();
  }

  Credentials credentials_;
  const Pid client_;
  const Pid authenticatee_;
  std::function<void(AuthenticationOutcome)> concluded_;
  std::unique_ptr<CramMd5> conversation_;  // Set by started().
  bool over_ = false;
};

}  // namespace

Authenticator::Authenticator(Runtime& runtime, std::map<std::string, std::string> credentials,
                             std::function<void(AuthenticationOutcome)> concluded)
    : runtime_(runtime),
      credentials_(
          std::make_shared<const std::map<std::string, std::string>>(std::move(credentials))),
      concluded_(std::move(concluded)) {}

Authenticator::~Authenticator() {
  for (const auto& [client, session] : sessions_) {
    runtime_.stop(session);
  }
}

void Authenticator::begin(const Pid& client, const Pid& authenticatee) {
  cancel(client);
  sessions_[client] = runtime_.spawn(
      std::make_unique<Session>(runtime_.unique_name("crammd5-authenticator-session"), credentials_,
                                client, authenticatee, concluded_));
}

bool Authenticator::conclude(const AuthenticationOutcome& outcome) {
  auto session = sessions_.find(outcome.client);
  if (session == sessions_.end() || session->second != outcome.session) {
    return false;
  }
  sessions_.erase(session);
  return true;
}

void Authenticator::cancel(const Pid& client) {
  auto session = sessions_.find(client);
  if (session != sessions_.end()) {
    runtime_.stop(session->second);
    sessions_.erase(session);
  }
}

}  // namespace troupe::master
