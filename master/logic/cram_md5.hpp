#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "mesos/internal/authentication.pb.h"
#include "messages/random.hpp"
#include "messages/time.hpp"

/// The master's side of a CRAM-MD5 conversation, without the actor that holds it.
///
///     begin()                  -> Mechanisms
///     Start{"CRAM-MD5"}        -> Step{challenge}             other mechanism: Error
///     Step{principal digest}   -> Completed, with principal   wrong: Failed
///     anything else            -> Error
///
/// Source: mesos-semantics 3.4; RFC 2195.
namespace troupe::master {

/// HMAC-MD5 of `text` under `key`: 16 raw bytes. A parameter, for no library may be named here.
using HmacMd5 = std::function<std::string(const std::string& key, const std::string& text)>;

/// `<random.seconds@host>`: never the same twice.
std::string make_challenge(Random& random, Time now, const std::string& host);

/// What the client must answer to `challenge`: `principal digest`, the digest in lower-case hex.
std::string cram_md5_answer(const HmacMd5& hmac, const std::string& principal,
                            const std::string& secret, const std::string& challenge);

class CramMd5 {
 public:
  struct Turn {
    std::shared_ptr<const google::protobuf::Message> reply;
    bool over = false;  ///< nothing more is to be said
    /// Set if it ended well.
    std::optional<std::string> principal;
    std::string failure;  ///< why it did not
  };

  /// `credentials` (principal -> secret) must outlive it.
  CramMd5(const std::map<std::string, std::string>& credentials, HmacMd5 hmac,
          std::string challenge);

  Turn begin();
  Turn on_start(const mesos::internal::AuthenticationStartMessage& message);
  Turn on_step(const mesos::internal::AuthenticationStepMessage& message);
  /// Ends it with an Error: a timeout.
  Turn abort(const std::string& why);

 private:
  enum class Phase { kNew, kOffered, kChallenged, kOver };

  Turn refuse(const std::string& why);

  const std::map<std::string, std::string>& credentials_;
  HmacMd5 hmac_;
  std::string challenge_;
  Phase phase_ = Phase::kNew;
};

}  // namespace troupe::master
