#include "actors/host_actor.hpp"

#include <exception>
#include <utility>

#include <caf/all.hpp>

#include "actors/caf_interop.hpp"
#include "actors/node.hpp"
#include "actors/process_host.hpp"

// The envelope never leaves this program.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Work)

namespace troupe {
namespace {

/// The one kind of CAF actor: it owns a host and hands it every envelope.
class HostActor final : public caf::event_based_actor {
 public:
  HostActor(caf::actor_config& config, std::unique_ptr<ProcessHost> host)
      : caf::event_based_actor(config), host_(std::move(host)) {}

  caf::behavior make_behavior() override {
    // What is no envelope came from elsewhere in a CAF program and must not end a process.
    set_default_handler(caf::drop);
    set_error_handler([](caf::scheduled_actor*, caf::error&) {});
    set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
    set_exit_handler([](caf::scheduled_actor*, caf::exit_msg&) {});
    set_exception_handler([](caf::scheduled_actor*, std::exception_ptr&) -> caf::error {
      return caf::exit_reason::unhandled_exception;
    });
    return {[this](Work& work) {
      if (host_ && !host_->turn(std::move(work))) {
        host_.reset();
        quit();
      }
    }};
  }

  const char* name() const override { return "troupe-process"; }

 private:
  std::unique_ptr<ProcessHost> host_;
};

class CafMailbox final : public Mailbox {
 public:
  CafMailbox(caf::actor actor, std::uint64_t incarnation, std::shared_ptr<MailboxState> state)
      : Mailbox(incarnation, std::move(state)), actor_(std::move(actor)) {}

 protected:
  void put(Work work) override {
    auto element = caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(work));
    caf::actor_cast<caf::abstract_actor*>(actor_)->enqueue(std::move(element), nullptr);
  }

 private:
  // Strong: the registry of the node holds the mailbox until the process has ended.
  const caf::actor actor_;
};

}  // namespace

std::shared_ptr<Mailbox> CafStage::host(std::unique_ptr<ProcessHost> host,
                                        std::uint64_t incarnation,
                                        std::shared_ptr<MailboxState> state) {
  // Lazy: it is first scheduled when something is enqueued.
  auto actor = system_.spawn<HostActor, caf::lazy_init>(std::move(host));
  return std::make_shared<CafMailbox>(std::move(actor), incarnation, std::move(state));
}

caf::actor_system& caf_system(Runtime& runtime) {
  // Every runtime is a node, and every stage is this one.
  return static_cast<CafStage&>(static_cast<Node&>(runtime).stage()).system();
}

}  // namespace troupe
