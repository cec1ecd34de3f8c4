#include "executor/checker.hpp"

#include <utility>

namespace troupe {

namespace {

using Kind = ProbeResult::Kind;

ProbeResult answer(int value) { return {Kind::kAnswered, value, ""}; }
ProbeResult failure(std::string why) { return {Kind::kFailed, 0, std::move(why)}; }

/// A program that is not there, or may not be run, is a failure. All else says nothing about the
/// task: this machine is short of something, or the task is ending.
ProbeResult not_started(const Error& error) {
  const bool its_own = error.code == ErrorCode::kNotFound || error.code == ErrorCode::kUnauthorized;
  return {its_own ? Kind::kFailed : Kind::kUnknown, 0, error.message};
}

ProbeResult command_ended(const ContainerExit& exit) {
  if (!exit.wait_status) {
    return failure("the command ended with an unknown status");
  }
  const int status = *exit.wait_status;
  const bool exited = (status & 0x7f) == 0;  // Else the low bits are the signal.
  return exited ? answer((status >> 8) & 0xff)
                : failure("the command was " + describe_wait_status(status));
}

}  // namespace

Checker::Checker(Turns& turns, CheckPorts ports, CheckPlan plan, CheckTarget target,
                 OnResult on_result)
    : turns_(turns),
      ports_(std::move(ports)),
      plan_(std::move(plan)),
      target_(std::move(target)),
      on_result_(std::move(on_result)),
      schedule_(plan_) {}

void Checker::start() { arm(schedule_.start().timer); }

void Checker::stop() {
  stopped_ = true;
  turns_.stop_timer(timer_);
  give_up();
}

void Checker::arm(Duration duration) {
  turns_.stop_timer(timer_);
  timer_ = turns_.after(duration, [part = weak_from_this()] {
    if (const auto alive = part.lock()) {
      alive->on_timer();
    }
  });
}

void Checker::on_timer() {
  const auto step = schedule_.on_timer();
  arm(step.timer);
  if (step.action == CheckSchedule::Action::kProbe) {
    ask();
    return;
  }
  give_up();
  on_result_(failure("no answer within " + format_duration(plan_.timeout)));
}

void Checker::on_answer(std::uint64_t probe, const ProbeResult& result) {
  if (stopped_ || !schedule_.on_answer(probe)) {
    return;
  }
  command_.reset();
  arm(schedule_.next().timer);
  on_result_(result);
}

// -- asking -------------------------------------------------------------------------------

void Checker::ask() {
  if (const auto* command = std::get_if<CommandProbe>(&plan_.probe)) {
    ask_command(*command);
  } else if (const auto* http = std::get_if<HttpProbe>(&plan_.probe)) {
    ask_http(*http);
  } else if (const auto* tcp = std::get_if<TcpProbe>(&plan_.probe)) {
    ask_tcp(*tcp);
  }
}

void Checker::ask_command(const CommandProbe& probe) {
  NestedLaunch launch;
  launch.id = ContainerId(target_.container_id.str() + ".check-" + turns_.new_uuid());
  launch.command = probe.command;
  if (target_.user) {
    launch.command.set_user(*target_.user);
  }
  launch.environment = target_.environment;
  launch.debug = true;
  command_ = launch.id;
  const auto number = schedule_.probe();
  auto started = turns_.defer_to(
      weak_from_this(), [number](Checker& checker, const Result<std::int64_t>& process_id) {
        if (!process_id.ok()) {
          checker.on_answer(number, not_started(process_id.error()));
        }
      });
  auto ended =
      turns_.defer_to(weak_from_this(), [number](Checker& checker, const ContainerExit& exit) {
        checker.on_answer(number, command_ended(exit));
      });
  // Not in a turn: it is to be forgotten also when nobody waits for it any more.
  ports_.containers->launch(
      launch, std::move(started),
      [containers = ports_.containers, id = launch.id, ended](const ContainerExit& exit) {
        containers->remove(id);
        ended(exit);
      });
}

void Checker::ask_http(const HttpProbe& probe) {
  ports_.prober->http(
      probe.url, plan_.timeout,
      turns_.defer_to(weak_from_this(), [number = schedule_.probe()](Checker& checker,
                                                                     const Result<int>& status) {
        checker.on_answer(number, status.ok() ? answer(*status) : failure(status.error().message));
      }));
}

void Checker::ask_tcp(const TcpProbe& probe) {
  ports_.prober->tcp(
      probe.ip, probe.port, plan_.timeout,
      turns_.defer_to(weak_from_this(), [number = schedule_.probe()](
                                            Checker& checker, const Result<void>& connected) {
        checker.on_answer(number, connected.ok() ? answer(0) : failure(connected.error().message));
      }));
}

void Checker::give_up() {
  if (command_) {
    ports_.containers->destroy(*command_);
    command_.reset();
  }
}

}  // namespace troupe
