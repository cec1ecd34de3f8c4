#include "actors/simulation.hpp"

#include <map>
#include <utility>
#include <vector>

#include "actors/host_actor.hpp"
#include "actors/http_content.hpp"
#include "actors/node.hpp"
#include "actors/simulated_network.hpp"
#include "actors/turn_coordinator.hpp"
#include "messages/invariant.hpp"

namespace troupe {
namespace {

/// Where virtual time begins: a fixed moment of 2020, so that traces can be compared.
constexpr Time kStart{std::chrono::seconds(1'600'000'000)};

/// So many turns without time going on can only be processes that wake each other for ever.
constexpr std::uint64_t kMaxTurnsPerMoment = 10'000'000;

/// Virtual time: events in order of their moment, then of their scheduling.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return now_; }

  std::uint64_t schedule(Duration after, std::function<void()> fire) override {
    const auto id = ++last_id_;
    const auto at = now_ + std::max(after, Duration::zero());
    events_.emplace(Key{at, id}, std::move(fire));
    moments_.emplace(id, at);
    return id;
  }

  void cancel(std::uint64_t id) override {
    const auto moment = moments_.find(id);
    if (moment != moments_.end()) {
      events_.erase({moment->second, id});
      moments_.erase(moment);
    }
  }

  /// Runs what is due now. True if anything was.
  bool run_due() {
    bool any = false;
    while (!events_.empty() && events_.begin()->first.first <= now_) {
      const auto event = events_.begin();
      const auto fire = std::move(event->second);
      moments_.erase(event->first.second);
      events_.erase(event);
      fire();
      any = true;
    }
    return any;
  }

  /// Goes on to the next event, or to `limit`. False at the limit.
  bool advance(Time limit) {
    if (events_.empty() || events_.begin()->first.first > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    now_ = std::max(now_, events_.begin()->first.first);
    return true;
  }

  void clear() {
    events_.clear();
    moments_.clear();
  }

 private:
  using Key = std::pair<Time, std::uint64_t>;
  Time now_ = kStart;
  std::uint64_t last_id_ = 0;
  std::map<Key, std::function<void()>> events_;
  std::unordered_map<std::uint64_t, Time> moments_;  // Never iterated.
};

/// FNV-1a over every turn with its virtual time.
class Trace final : public TurnObserver {
 public:
  explicit Trace(const VirtualClock& clock) : clock_(clock) {}

  void on_turn(std::string_view kind, const Pid& self, const Pid& other, std::string_view what,
               std::string_view bytes) override {
    ++turns_;
    add(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    add(kind);
    add(self);
    add(other);
    add(what);
    add(bytes);
    if (line_) {
      line_(format(kind, self, other, what));
    }
  }

  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t turns() const { return turns_; }
  void set_line(std::function<void(const std::string&)> line) { line_ = std::move(line); }

 private:
  void add(std::string_view text) {
    for (const char c : text) {
      add_byte(static_cast<unsigned char>(c));
    }
    add(text.size());
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      add_byte(static_cast<unsigned char>(number >> shift));
    }
  }
  void add(const Pid& pid) {
    add(pid.id);
    add(std::uint64_t{pid.address.ip} << 16 | pid.address.port);
  }
  void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  [[nodiscard]] std::string format(std::string_view kind, const Pid& self, const Pid& other,
                                   std::string_view what) const {
    auto text = std::to_string(to_seconds(clock_.now() - kStart)) + " " + std::string(kind) +
                " process=" + self.str();
    if (!other.empty()) {
      text += " of=" + other.str();
    }
    if (!what.empty()) {
      text += " what=" + std::string(what);
    }
    return text;
  }

  const VirtualClock& clock_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::uint64_t turns_ = 0;
  std::function<void(const std::string&)> line_;
};

// -- HTTP -----------------------------------------------------------------------------------------

class AnswerStream final : public http::Stream {
 public:
  explicit AnswerStream(std::shared_ptr<SimulatedAnswer> answer) : answer_(std::move(answer)) {}

  bool write(std::string bytes) override {
    if (answer_->closed) {
      return false;
    }
    answer_->chunks.push_back(std::move(bytes));
    return true;
  }
  void close() override { answer_->hang_up(); }
  void abort() override {
    answer_->aborted = answer_->aborted || !answer_->closed;
    answer_->hang_up();
  }
  void on_closed(std::function<void()> closed) override {
    if (answer_->closed) {
      closed();
    } else {
      answer_->on_hang_up = std::move(closed);
    }
  }
  void on_drained(std::function<void()> drained) override {
    if (answer_->stalled && !answer_->closed) {
      answer_->on_drained = std::move(drained);
    } else {
      drained();
    }
  }

 private:
  const std::shared_ptr<SimulatedAnswer> answer_;
};

class AnswerSink final : public http::Responder::Sink {
 public:
  AnswerSink(std::shared_ptr<SimulatedAnswer> answer, http::AnswerTerms terms)
      : answer_(std::move(answer)), terms_(std::move(terms)) {}
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  ~AnswerSink() override { send(http::Response::text(500, "No answer")); }

  void send(http::Response response) override {
    if (!answer_->response) {
      auto content = http::negotiate(terms_, response);
      response.shared = nullptr;
      response.body = content.take();
      answer_->response = std::move(response);
      answer_->closed = true;
    }
  }
  std::shared_ptr<http::Stream> stream(http::Response head) override {
    if (!answer_->response) {
      head.body.clear();
      answer_->response = std::move(head);
    }
    return std::make_shared<AnswerStream>(answer_);
  }

 private:
  const std::shared_ptr<SimulatedAnswer> answer_;
  const http::AnswerTerms terms_;
};

/// A body that has come whole before anybody reads it.
class WholeBody final : public http::BodyStream {
 public:
  explicit WholeBody(std::string bytes) : bytes_(std::move(bytes)) {}
  void read(std::function<void(Result<std::string>)> taken) override {
    taken(std::exchange(bytes_, {}));
  }

 private:
  std::string bytes_;
};

class SimulatedNode final : public Node {
 public:
  using Run = std::function<bool(const std::function<bool()>&, Duration)>;

  SimulatedNode(Stage& stage, Clock& clock, TurnObserver& observer, std::uint64_t seed, Run run)
      : Node(stage, clock, &observer, seed), run_(std::move(run)) {}
  ~SimulatedNode() override { vanish_all(); }

  bool wait(const Pid& pid, Duration timeout) override {
    return run_([&] { return !has(pid); }, timeout);
  }

 private:
  const Run run_;
};

}  // namespace

void SimulatedAnswer::hang_up() {
  closed = true;
  read_on();
  if (const auto run = std::exchange(on_hang_up, nullptr)) {
    run();
  }
}

void SimulatedAnswer::read_on() {
  stalled = false;
  if (const auto run = std::exchange(on_drained, nullptr)) {
    run();
  }
}

// -- Impl -----------------------------------------------------------------------------------------

struct Simulation::Impl {
  explicit Impl(std::uint64_t seed)
      : random(seed),
        system(config),
        coordinator(static_cast<TurnCoordinator&>(system.scheduler())),
        stage(system),
        trace(clock),
        network(clock, random) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    nodes.clear();
    clock.clear();
    coordinator.stop();  // What has vanished gets to know it.
  }

  /// Runs one turn, or goes on in time. False once `limit` is reached and nothing is left before.
  bool step(Time limit);
  void run_one_turn();

  Random random;
  TurnConfig config;
  caf::actor_system system;
  TurnCoordinator& coordinator;
  CafStage stage;
  VirtualClock clock;
  Trace trace;
  SimulatedNetwork network;
  std::map<Address, std::unique_ptr<SimulatedNode>> nodes;
  std::vector<std::function<void()>> checks;
  bool in_turn = false;
  std::uint64_t turns_this_moment = 0;
};

bool Simulation::Impl::step(Time limit) {
  if (clock.run_due()) {
    return true;
  }
  if (coordinator.ready() != 0) {
    run_one_turn();
    return true;
  }
  turns_this_moment = 0;
  return clock.advance(limit);
}

void Simulation::Impl::run_one_turn() {
  INVARIANT(++turns_this_moment < kMaxTurnsPerMoment)
      << "turns without end at " << to_seconds(clock.now() - kStart) << " s";
  const auto turns = trace.turns();
  in_turn = true;
  coordinator.resume(random.below(coordinator.ready()));
  in_turn = false;
  if (trace.turns() != turns) {
    for (const auto& check : checks) {
      check();
    }
  }
}

// -- Simulation -----------------------------------------------------------------------------------

Simulation::Simulation(std::uint64_t seed, const NetworkFaults& faults)
    : impl_(std::make_unique<Impl>(seed)) {
  impl_->network.set_faults(faults);
}

Simulation::~Simulation() = default;

Runtime& Simulation::add_node(const std::string& ip, std::uint16_t port) {
  const auto address = Address::parse(ip + ":" + std::to_string(port));
  INVARIANT(address.ok()) << "node ip '" << ip << "' is not IPv4";
  auto node = std::make_unique<SimulatedNode>(
      impl_->stage, impl_->clock, impl_->trace, impl_->random.next(),
      [this](const auto& done, Duration limit) { return run_until(done, limit); });
  node->set_transport(impl_->network.add(*address, *node));
  return *(impl_->nodes[*address] = std::move(node));
}

void Simulation::crash(const Address& node) {
  INVARIANT(!impl_->in_turn) << "crash of " << node << " within a turn";
  const auto found = impl_->nodes.find(node);
  if (found == impl_->nodes.end()) {
    return;
  }
  // Off the network first: what destructors send is lost.
  impl_->network.remove(node);
  impl_->nodes.erase(found);
}

void Simulation::set_faults(const NetworkFaults& faults) { impl_->network.set_faults(faults); }
void Simulation::partition(const Address& from, const Address& to) {
  impl_->network.partition(from, to);
}
void Simulation::heal() { impl_->network.heal(); }
void Simulation::break_links(const Address& a, const Address& b) {
  impl_->network.break_links(a, b);
}

std::shared_ptr<SimulatedAnswer> Simulation::ask(Runtime& node, http::Request request) {
  const auto mark = request.path.find('?');
  if (mark != std::string::npos) {
    request.query = http::parse_query(std::string_view(request.path).substr(mark + 1));
    request.path.resize(mark);
  }
  if (http::is_recordio(request.header("Content-Type")) && !request.stream) {
    request.stream = std::make_shared<WholeBody>(std::exchange(request.body, {}));
  }
  auto answer = std::make_shared<SimulatedAnswer>();
  auto terms = http::AnswerTerms::of(request.method, request.header("Accept-Encoding"),
                                     request.header("If-None-Match"));
  static_cast<Node&>(node).on_request(
      std::move(request), http::Responder(std::make_shared<AnswerSink>(answer, std::move(terms))));
  return answer;
}

http::Response Simulation::request(Runtime& node, http::Request request, Duration limit) {
  const auto answer = ask(node, std::move(request));
  const bool answered = run_until([&] { return answer->response.has_value(); }, limit);
  return answered ? *answer->response : http::Response::text(504, "No answer in time");
}

Time Simulation::now() const { return impl_->clock.now(); }
Random& Simulation::random() { return impl_->random; }

void Simulation::run_for(Duration duration) {
  const auto limit = now() + duration;
  while (impl_->step(limit)) {
  }
}

bool Simulation::run_until(const std::function<bool()>& done, Duration limit) {
  INVARIANT(!impl_->in_turn) << "run_until within a turn";
  const auto end = now() + limit;
  while (!done()) {
    if (!impl_->step(end)) {
      return done();
    }
  }
  return true;
}

void Simulation::after_each_turn(std::function<void()> check) {
  impl_->checks.push_back(std::move(check));
}

void Simulation::at(Duration from_now, std::function<void()> turn) {
  impl_->clock.schedule(from_now, std::move(turn));
}

std::uint64_t Simulation::trace_hash() const { return impl_->trace.hash(); }
void Simulation::on_trace(std::function<void(const std::string&)> line) {
  impl_->trace.set_line(std::move(line));
}

}  // namespace troupe
