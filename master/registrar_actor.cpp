#include "master/registrar_actor.hpp"

#include <chrono>
#include <utility>

#include <glog/logging.h>

#include "actors/metrics.hpp"
#include "actors/runtime.hpp"
#include "master/registry/registry_batch.hpp"
#include "messages/json.hpp"

namespace troupe::master {
namespace {

constexpr Duration kFetchTimeout = std::chrono::seconds(60);
constexpr Duration kStoreTimeout = std::chrono::seconds(20);

}  // namespace

RegistrarActor::RegistrarActor(std::shared_ptr<RegistryStore> store, Callbacks callbacks)
    : Process("registrar(1)"), store_(std::move(store)), callbacks_(std::move(callbacks)) {
  route("/registry", [this](const http::Request& /*request*/, const http::Responder& responder) {
    responder.send(http::Response::json(to_json(registry_, JsonDialect::kV0)));
  });
}

void RegistrarActor::started() {
  Metrics& metrics = runtime().metrics();
  metrics.gauge("registrar/queued_operations", 0);
  // What stands for Mesos's replicated log is one store, whatever that is made of.
  metrics.gauge("registrar/log/ensemble_size", 1);
  metrics.gauge("registrar/log/recovered", 0);
}

// -- recovery -------------------------------------------------------------------------

void RegistrarActor::recover(const mesos::v1::MasterInfo& master) {
  if (phase_ != Phase::kIdle) {
    return;
  }
  phase_ = Phase::kRecovering;
  master_ = master;
  await(kFetchTimeout, "fetch");
  store_->fetch(
      defer([this](const Result<RegistryStore::Snapshot>& fetched) { on_fetched(fetched); }));
}

void RegistrarActor::on_fetched(const Result<RegistryStore::Snapshot>& fetched) {
  if (phase_ == Phase::kFailed) {
    return;
  }
  answered();
  // Once in its life: a gauge, without a spread.
  runtime().metrics().gauge("registrar/state_fetch_ms", to_seconds(now() - asked_) * 1000.0);
  if (!fetched.ok()) {
    fail(fetched.error());
    return;
  }
  if (!registry_.ParseFromString(fetched->bytes)) {
    fail(internal_error("registry: the " + std::to_string(fetched->bytes.size()) +
                        " bytes stored as version " + fetched->version + " are no registry"));
    return;
  }
  runtime().metrics().gauge("registrar/log/recovered", 1);
  version_ = fetched->version;
  *registry_.mutable_master()->mutable_info() = master_;
  LOG(INFO) << "registry-fetched agents=" << registry_.slaves().slaves_size()
            << " unreachable=" << registry_.unreachable().slaves_size()
            << " gone=" << registry_.gone().slaves_size();
  write([this] { callbacks_.recovered(registry_); });
}

// -- operations --------------------------------------------------------------------------

void RegistrarActor::apply(std::vector<RegistryOperation> operations) {
  for (RegistryOperation& operation : operations) {
    queue_.push_back(std::move(operation));
  }
  runtime().metrics().gauge("registrar/queued_operations", static_cast<double>(queue_.size()));
  store_next();
}

/// Applies all that is queued. In place: should storing it fail, nothing is done with it any more.
void RegistrarActor::store_next() {
  if (phase_ != Phase::kReady || queue_.empty()) {
    return;
  }
  std::vector<RegistryApplied> answers;
  answers.reserve(queue_.size());
  RegistryBatch batch(&registry_);
  bool changed = false;
  for (RegistryOperation& operation : std::exchange(queue_, {})) {
    const Result<bool> outcome = batch.apply(operation);
    if (!outcome.ok()) {
      LOG(WARNING) << "registry-operation-refused reason=\"" << outcome.error().message << "\"";
    }
    changed = changed || (outcome.ok() && *outcome);
    answers.push_back({std::move(operation), outcome.ok(),
                       outcome.ok() ? std::nullopt : std::optional(outcome.error())});
  }
  runtime().metrics().gauge("registrar/queued_operations", 0);
  if (!changed) {
    callbacks_.applied(std::move(answers));
    return;
  }
  phase_ = Phase::kStoring;
  write([this, answers = std::move(answers)] { callbacks_.applied(answers); });
}

// -- the store -----------------------------------------------------------------------------

void RegistrarActor::write(std::function<void()> done) {
  done_ = std::move(done);
  const std::string bytes = registry_.SerializeAsString();
  runtime().metrics().gauge("registrar/registry_size_bytes", static_cast<double>(bytes.size()));
  await(kStoreTimeout, "store");
  store_->store(bytes, version_,
                defer([this](const Result<std::string>& stored) { on_stored(stored); }));
}

void RegistrarActor::on_stored(const Result<std::string>& stored) {
  if (phase_ == Phase::kFailed) {
    return;
  }
  answered();
  Metrics::record(runtime().metrics().timer("registrar/state_store_ms"), now() - asked_);
  if (!stored.ok()) {
    fail(stored.error());
    return;
  }
  version_ = *stored;
  phase_ = Phase::kReady;
  std::exchange(done_, nullptr)();
  store_next();
}

void RegistrarActor::await(Duration timeout, const std::string& what) {
  asked_ = now();
  timeout_ = delay(timeout, [this, timeout, what] {
    fail({ErrorCode::kUnavailable,
          "registry: no answer to " + what + " within " + format_duration(timeout)});
  });
}

void RegistrarActor::answered() { cancel(std::exchange(timeout_, 0)); }

void RegistrarActor::fail(const Error& error) {
  if (phase_ == Phase::kFailed) {
    return;
  }
  phase_ = Phase::kFailed;
  queue_.clear();
  LOG(ERROR) << "registry-failed reason=\"" << error.message << "\"";
  callbacks_.failed(error);
}

}  // namespace troupe::master
