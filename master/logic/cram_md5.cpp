#include "master/logic/cram_md5.hpp"

#include <cstddef>
#include <utility>

namespace troupe::master {
namespace {

using mesos::internal::AuthenticationCompletedMessage;
using mesos::internal::AuthenticationErrorMessage;
using mesos::internal::AuthenticationFailedMessage;
using mesos::internal::AuthenticationMechanismsMessage;
using mesos::internal::AuthenticationStepMessage;

constexpr const char* kMechanism = "CRAM-MD5";

std::string to_hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(kDigits[value >> 4]);
    text.push_back(kDigits[value & 15]);
  }
  return text;
}

/// Takes equally long wherever they differ, so that a digest cannot be guessed byte by byte.
bool equal_in_constant_time(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) {
    return false;
  }
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

std::string make_challenge(Random& random, Time now, const std::string& host) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return "<" + random.uuid() + "." + std::to_string(seconds) + "@" + host + ">";
}

std::string cram_md5_answer(const HmacMd5& hmac, const std::string& principal,
                            const std::string& secret, const std::string& challenge) {
  return principal + " " + to_hex(hmac(secret, challenge));
}

CramMd5::CramMd5(const std::map<std::string, std::string>& credentials, HmacMd5 hmac,
                 std::string challenge)
    : credentials_(credentials), hmac_(std::move(hmac)), challenge_(std::move(challenge)) {}

CramMd5::Turn CramMd5::begin() {
  phase_ = Phase::kOffered;
  auto message = std::make_shared<AuthenticationMechanismsMessage>();
  message->add_mechanisms(kMechanism);
  Turn turn;
  turn.reply = std::move(message);
  return turn;
}

CramMd5::Turn CramMd5::on_start(const mesos::internal::AuthenticationStartMessage& message) {
  if (phase_ != Phase::kOffered) {
    return abort("unexpected start of authentication");
  }
  if (message.mechanism() != kMechanism) {
    return abort("mechanism '" + message.mechanism() + "' is not offered");
  }
  phase_ = Phase::kChallenged;
  auto step = std::make_shared<AuthenticationStepMessage>();
  step->set_data(challenge_);
  Turn turn;
  turn.reply = std::move(step);
  return turn;
}

CramMd5::Turn CramMd5::on_step(const AuthenticationStepMessage& message) {
  if (phase_ != Phase::kChallenged) {
    return abort("unexpected step of authentication");
  }
  // A principal may contain spaces, a digest does not.
  const std::size_t space = message.data().rfind(' ');
  if (space == std::string::npos) {
    return refuse("the answer has no digest");
  }
  const std::string principal = message.data().substr(0, space);
  auto known = credentials_.find(principal);
  // A stranger costs the same as a wrong secret: time tells nobody who is known.
  const std::string secret = known == credentials_.end() ? std::string() : known->second;
  const bool right =
      equal_in_constant_time(message.data(), cram_md5_answer(hmac_, principal, secret, challenge_));
  if (known == credentials_.end() || !right) {
    return refuse("principal '" + principal + "' is unknown, or the secret is wrong");
  }
  phase_ = Phase::kOver;
  Turn turn;
  turn.over = true;
  turn.principal = principal;
  turn.reply = std::make_shared<AuthenticationCompletedMessage>();
  return turn;
}

CramMd5::Turn CramMd5::refuse(const std::string& why) {
  phase_ = Phase::kOver;
  Turn turn;
  turn.over = true;
  turn.failure = why;
  turn.reply = std::make_shared<AuthenticationFailedMessage>();
  return turn;
}

CramMd5::Turn CramMd5::abort(const std::string& why) {
  phase_ = Phase::kOver;
  auto message = std::make_shared<AuthenticationErrorMessage>();
  message->set_error(why);
  Turn turn;
  turn.over = true;
  turn.failure = why;
  turn.reply = std::move(message);
  return turn;
}

}  // namespace troupe::master
