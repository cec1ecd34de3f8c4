#include "actors/metrics_catalogue.hpp"

#include <unordered_map>

namespace troupe::metrics {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kMillisecond = 1e-3;

/// One line of the table.
struct Entry {
  std::string pattern;
  std::string family;  ///< empty: other metrics say the same
  std::string suffix;
  Labels labels;  ///< besides those that the pattern captures
  double scale = 1;
};

class Table {
 public:
  Table();
  [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
  [[nodiscard]] std::optional<Meaning> meaning_of(const std::string& flat_name) const;

 private:
  void family(const Family& family) { families_.emplace(family.name, family); }
  void entry(Entry entry);
  /// Shown as a family of its own.
  void single(const std::string& pattern, const Family& family, double scale = 1);
  /// What the sum of others says.
  void covered(const std::string& pattern) { entry({pattern, "", "", {}, 1}); }
  /// Milliseconds below `pattern`; `name` is the families' without "_seconds", `what` begins the
  /// help: "Time to ...".
  void timer(const std::string& pattern, const std::string& name, const std::string& what);
  /// Total, used and percent of what can be handed out; `program` is "master" or "slave".
  void resources(const std::string& program, const std::string& name, const std::string& whose);
  void queue(const std::string& program, const std::string& name);

  void add_master();
  void add_master_messages();
  void add_agents_of_master();
  void add_frameworks();
  void add_allocator();
  void add_quota();
  void add_registrar();
  void add_agent();
  void add_containers();
  void add_program();

  struct Meant {
    Entry entry;
    const Family* family = nullptr;
  };
  [[nodiscard]] static Meaning meaning(const Meant& meant, Labels captured);

  std::map<std::string, Family> families_;
  std::unordered_map<std::string, Meant> exact_;
  // By the letters before the first capture.
  std::map<std::string, std::vector<Meant>, std::greater<>> patterns_;
};

Table::Table() {
  add_master();
  add_master_messages();
  add_agents_of_master();
  add_frameworks();
  add_allocator();
  add_quota();
  add_registrar();
  add_agent();
  add_containers();
  add_program();
}

void Table::entry(Entry entry) {
  const auto found = families_.find(entry.family);
  const Family* family = found == families_.end() ? nullptr : &found->second;
  const auto brace = entry.pattern.find('{');
  if (brace == std::string::npos) {
    const std::string name = entry.pattern;
    exact_.emplace(name, Meant{std::move(entry), family});
  } else {
    const std::string prefix = entry.pattern.substr(0, brace);
    patterns_[prefix].push_back({std::move(entry), family});
  }
}

void Table::single(const std::string& pattern, const Family& shown, double scale) {
  family(shown);
  entry({pattern, shown.name, "", {}, scale});
}

void Table::timer(const std::string& pattern, const std::string& name, const std::string& what) {
  const std::string spread = name + "_seconds";
  family({spread, Type::kSummary, "seconds", what + "; quantiles of the latest 1024."});
  family({name + "_last_seconds", Type::kGauge, "seconds", what + ": the latest one."});
  family({name + "_min_seconds", Type::kGauge, "seconds", what + ": least of the latest 1024."});
  family({name + "_max_seconds", Type::kGauge, "seconds", what + ": most of the latest 1024."});
  entry({pattern, name + "_last_seconds", "", {}, kMillisecond});
  entry({pattern + "/min", name + "_min_seconds", "", {}, kMillisecond});
  entry({pattern + "/max", name + "_max_seconds", "", {}, kMillisecond});
  entry({pattern + "/count", spread, "_count", {}, 1});
  entry({pattern + "/sum", spread, "_sum", {}, kMillisecond});
  using Quantile = std::pair<const char*, const char*>;
  for (const auto& [ending, share] :
       {Quantile{"p50", "0.5"}, Quantile{"p90", "0.9"}, Quantile{"p95", "0.95"},
        Quantile{"p99", "0.99"}, Quantile{"p999", "0.999"}, Quantile{"p9999", "0.9999"}}) {
    entry({pattern + "/" + ending, spread, "", {{"quantile", share}}, kMillisecond});
  }
}

void Table::resources(const std::string& program, const std::string& name,
                      const std::string& whose) {
  struct Kind {
    std::string flat;
    std::string shown;
    std::string what;
    std::string unit;
    double scale = 1;
  };
  const std::string prefix = "troupe_" + name + "_";
  for (const Kind& kind : {Kind{"cpus", "cpus", "CPUs", "", 1}, Kind{"gpus", "gpus", "GPUs", "", 1},
                           Kind{"mem", "memory", "Memory", "bytes", kMebibyte},
                           Kind{"disk", "disk", "Disk space", "bytes", kMebibyte}}) {
    const std::string unit = kind.unit.empty() ? "" : "_" + kind.unit;
    const std::string capacity = prefix + kind.shown + "_capacity" + unit;
    const std::string used = prefix + kind.shown + "_used" + unit;
    const std::string ratio = prefix + kind.shown + "_used_ratio";
    family({capacity, Type::kGauge, kind.unit, kind.what + " of " + whose + "."});
    family({used, Type::kGauge, kind.unit,
            kind.what + " of " + whose + " that tasks and executors hold."});
    family({ratio, Type::kGauge, "ratio",
            kind.what + " of " + whose + " that tasks and executors hold, of all there is."});
    for (const std::string revocable : {"false", "true"}) {
      const Labels labels = {{"revocable", revocable}};
      const std::string flat =
          program + "/" + kind.flat + (revocable == "true" ? "_revocable" : "");
      entry({flat + "_total", capacity, "", labels, kind.scale});
      entry({flat + "_used", used, "", labels, kind.scale});
      entry({flat + "_percent", ratio, "", labels, 1});
    }
  }
}

void Table::queue(const std::string& program, const std::string& name) {
  single(
      program + "/event_queue_{kind}",
      {"troupe_" + name + "_queue_length", Type::kGauge, "",
       "What waits for the " + name + " to be worked off: messages, HTTP requests, dispatches."});
}

// -- the master ---------------------------------------------------------------------------

void Table::add_master() {
  single("master/elected",
         {"troupe_master_leading", Type::kGauge, "", "1 while this master leads, else 0."});
  single("master/uptime_secs",
         {"troupe_master_uptime_seconds", Type::kGauge, "seconds", "Since this master started."});
  resources("master", "master", "the registered agents");
  queue("master", "master");
  single("master/outstanding_offers", {"troupe_master_outstanding_offers", Type::kGauge, "",
                                       "Offers that frameworks have not answered yet."});
  single("master/operator_event_stream_subscribers",
         {"troupe_master_event_stream_subscribers", Type::kGauge, "",
          "Subscribers of the operator API's event stream."});
  single("master/http_cache_hits", {"troupe_master_http_cache_hits", Type::kCounter, "",
                                    "HTTP reads answered with what was rendered already."});
  single("master/tasks_{state=staging|starting|running|killing|unreachable}",
         {"troupe_master_tasks", Type::kGauge, "", "Tasks that have not ended, by state."});
  single("master/tasks_{state=finished|failed|killed|lost|error|dropped|gone|gone_by_operator}",
         {"troupe_master_tasks_ended", Type::kCounter, "", "Tasks that have ended, by state."});
  single("master/task_{state}/source_{source}/reason_{reason}",
         {"troupe_master_task_ends_by_reason", Type::kCounter, "",
          "Tasks that have ended and whose last update gave a reason; by state, by who said so, "
          "and why."});
  for (const std::string state : {"pending", "recovering", "unreachable", "total", "finished",
                                  "failed", "error", "dropped", "gone_by_operator"}) {
    covered("master/operations/" + state);
  }
  covered("master/operations/{type}/total");
  single("master/operations/{type}/{state=pending|recovering|unreachable}",
         {"troupe_master_operations", Type::kGauge, "",
          "Operations on resources under way, by type and state."});
  single("master/operations/{type}/{state=finished|failed|error|dropped|gone_by_operator}",
         {"troupe_master_operations_ended", Type::kCounter, "",
          "Operations on resources that have ended, by type and state."});
}

void Table::add_master_messages() {
  single("master/messages_{type}",
         {"troupe_master_messages", Type::kCounter, "",
          "Messages and calls of agents and frameworks that the master took, by type."});
  single("master/dropped_messages", {"troupe_master_messages_dropped", Type::kCounter, "",
                                     "Messages that the master could make nothing of."});
  single("master/{validity=valid|invalid}_{type}",
         {"troupe_master_messages_checked", Type::kCounter, "",
          "Messages that were passed on (valid) or refused (invalid), by type."});
  single("frameworks/{principal*}/messages_{stage=received|processed}",
         {"troupe_master_principal_messages", Type::kCounter, "",
          "Messages of the v0 wire from the frameworks of a principal: come, and dealt with."});
}

void Table::add_agents_of_master() {
  single("master/slaves_{state=active|inactive}",
         {"troupe_master_agents", Type::kGauge, "",
          "Registered agents: those that are offered (active), and the others."});
  single("master/slaves_{state=connected|disconnected}",
         {"troupe_master_agent_connections", Type::kGauge, "",
          "Registered agents, by whether the connection to them stands."});
  single("master/slaves_unreachable", {"troupe_master_agents_unreachable", Type::kGauge, "",
                                       "Agents that did not come back in time."});
  single("master/slave_registrations", {"troupe_master_agent_registrations", Type::kCounter, "",
                                        "Agents that have registered for the first time."});
  single("master/slave_reregistrations", {"troupe_master_agent_reregistrations", Type::kCounter, "",
                                          "Agents that have come back."});
  single("master/slave_removals", {"troupe_master_agent_removals", Type::kCounter, "",
                                   "Agents that were removed, for any reason."});
  single("master/slave_removals/reason_{reason}",
         {"troupe_master_agent_removals_by_reason", Type::kCounter, "",
          "Agents that were removed since they did not answer (unhealthy), left (unregistered), "
          "or were replaced at their address (registered)."});
  single("master/slave_unreachable_{step}",
         {"troupe_master_agent_unreachable_marks", Type::kCounter, "",
          "Agents to be marked unreachable: scheduled, and whether that was completed or "
          "canceled."});
  single("master/slave_shutdowns_{step}",
         {"troupe_master_agent_shutdowns", Type::kCounter, "",
          "Agents to be shut down since they did not answer. Of old; always 0."});
  single("master/recovery_slave_removals",
         {"troupe_master_agent_recovery_removals", Type::kCounter, "",
          "Agents of the former leader that did not come back in time."});
}

void Table::add_frameworks() {
  single("master/frameworks_{state=active|inactive}",
         {"troupe_master_frameworks", Type::kGauge, "",
          "Frameworks: those that get offers (active), and the others."});
  single("master/frameworks_{state=connected|disconnected}",
         {"troupe_master_framework_connections", Type::kGauge, "",
          "Frameworks, by whether the connection to their scheduler stands."});
  const std::string framework = "master/frameworks/{framework_name%}/{framework_id}/";
  for (const std::string sum : {"calls", "events", "operations"}) {
    covered(framework + sum);
  }
  single(framework + "subscribed", {"troupe_framework_subscribed", Type::kGauge, "",
                                    "1 while the framework's scheduler is connected, else 0."});
  single(framework + "calls/{type}", {"troupe_framework_calls", Type::kCounter, "",
                                      "Calls of a framework's scheduler, by type."});
  single(framework + "events/{type}", {"troupe_framework_events", Type::kCounter, "",
                                       "Events sent to a framework's scheduler, by type."});
  single(framework + "operations/{type}",
         {"troupe_framework_operations", Type::kCounter, "",
          "Operations on offers that a framework has asked for, by type."});
  single(framework + "offers/{outcome}",
         {"troupe_framework_offers", Type::kCounter, "",
          "Offers sent to a framework, and those it accepted, declined or lost (rescinded)."});
  single(framework + "tasks/active/task_{state}",
         {"troupe_framework_tasks", Type::kGauge, "",
          "Tasks of a framework that have not ended, by state."});
  single(framework + "tasks/terminal/task_{state}",
         {"troupe_framework_tasks_ended", Type::kCounter, "",
          "Tasks of a framework that have ended, by state."});
  single(framework + "roles/{role*}/suppressed",
         {"troupe_framework_role_suppressed", Type::kGauge, "",
          "1 while a framework wants no offers for a role of its own, else 0."});
}

// -- allocator and registrar --------------------------------------------------------------

void Table::add_allocator() {
  const std::string prefix = "allocator/mesos/";
  single(prefix + "allocation_runs",
         {"troupe_allocator_runs", Type::kCounter, "", "Allocation cycles."});
  timer(prefix + "allocation_run_ms", "troupe_allocator_run_duration",
        "Time that an allocation cycle took");
  timer(prefix + "allocation_run_latency_ms", "troupe_allocator_run_latency",
        "Time from the wish for an allocation cycle to its start");
  covered("allocator/event_queue_dispatches");
  queue("allocator/mesos", "allocator");
  single(prefix + "roles/{role*}/shares/dominant",
         {"troupe_allocator_role_dominant_share", Type::kGauge, "",
          "Part of the cluster that a role holds of the resource it holds most of, divided by its "
          "weight."});
  single(prefix + "offer_filters/roles/{role*}/active",
         {"troupe_allocator_offer_filters", Type::kGauge, "",
          "Refusals of offers that still hold, by role."});
  struct Part {
    const char* flat;
    const char* shown;
    const char* help;
  };
  for (const Part& part :
       {Part{"total", "capacity", " of the agents."},
        Part{"offered_or_allocated", "allocated", " that is offered, or held by tasks."}}) {
    for (const auto& [flat, shown] : {std::pair<std::string, std::string>{"mem", "memory"},
                                      std::pair<std::string, std::string>{"disk", "disk"}}) {
      single(prefix + "resources/" + flat + "/" + part.flat,
             {"troupe_allocator_" + shown + "_" + part.shown + "_bytes", Type::kGauge, "bytes",
              (shown == "disk" ? "Disk space" : "Memory") + std::string(part.help)},
             kMebibyte);
    }
    single(prefix + "resources/{resource}/" + part.flat,
           {std::string("troupe_allocator_resource_") + part.shown, Type::kGauge, "",
            std::string("Amount of a resource") + part.help});
  }
}

void Table::add_quota() {
  struct Part {
    const char* flat;
    const char* shown;
    const char* help;
  };
  const std::string prefix = "allocator/mesos/quota/roles/{role*}/resources/";
  for (const Part& part :
       {Part{"guarantee", "guarantee", " that a role is promised."},
        Part{"limit", "limit", " that a role may have at most."},
        Part{"offered_or_allocated", "allocated", " that a role is offered or holds."},
        Part{"consumed", "consumed", " that counts against a role's quota."}}) {
    const std::string ending = std::string("/") + part.flat;
    for (const auto& [flat, shown] : {std::pair<std::string, std::string>{"mem", "memory"},
                                      std::pair<std::string, std::string>{"disk", "disk"}}) {
      single(prefix + flat + ending,
             {"troupe_allocator_quota_" + shown + "_" + part.shown + "_bytes", Type::kGauge,
              "bytes", (shown == "disk" ? "Disk space" : "Memory") + std::string(part.help)},
             kMebibyte);
    }
    single(prefix + "{resource}" + ending,
           {std::string("troupe_allocator_quota_resource_") + part.shown, Type::kGauge, "",
            std::string("Amount of a resource") + part.help});
  }
}

void Table::add_registrar() {
  single("registrar/queued_operations", {"troupe_registrar_queued_operations", Type::kGauge, "",
                                         "Changes of the registry that wait to be stored."});
  single("registrar/registry_size_bytes", {"troupe_registrar_registry_size_bytes", Type::kGauge,
                                           "bytes", "The registry as it was stored last."});
  single("registrar/state_fetch_ms",
         {"troupe_registrar_fetch_duration_seconds", Type::kGauge, "seconds",
          "Time that this leader took to read the registry."},
         kMillisecond);
  timer("registrar/state_store_ms", "troupe_registrar_store_duration",
        "Time that storing the registry took");
  single("registrar/log/recovered", {"troupe_registrar_recovered", Type::kGauge, "",
                                     "1 once the registry has been read, else 0."});
  single("registrar/log/ensemble_size",
         {"troupe_registrar_stores", Type::kGauge, "", "Stores that the registry is written to."});
}

// -- the agent ----------------------------------------------------------------------------

void Table::add_agent() {
  single("slave/registered", {"troupe_agent_registered", Type::kGauge, "",
                              "1 while the agent is registered with a master, else 0."});
  single("slave/uptime_secs",
         {"troupe_agent_uptime_seconds", Type::kGauge, "seconds", "Since this agent started."});
  single("slave/recovery_time_secs",
         {"troupe_agent_recovery_duration_seconds", Type::kGauge, "seconds",
          "Time from the agent's start until it looked for a master."});
  single("slave/recovery_errors", {"troupe_agent_recovery_errors", Type::kCounter, "",
                                   "What the agent could not recover after a restart."});
  resources("slave", "agent", "the agent");
  queue("slave", "agent");
  single("slave/frameworks_active",
         {"troupe_agent_frameworks", Type::kGauge, "", "Frameworks with executors on the agent."});
  single("slave/tasks_{state=staging|starting|running|killing}",
         {"troupe_agent_tasks", Type::kGauge, "",
          "Tasks on the agent that have not ended, by state."});
  single("slave/tasks_{state=finished|failed|killed|lost|gone}",
         {"troupe_agent_tasks_ended", Type::kCounter, "",
          "Tasks on the agent that have ended, by state."});
  single("slave/executors_{state=registering|running|terminating}",
         {"troupe_agent_executors", Type::kGauge, "", "Executors on the agent, by state."});
  single("slave/executors_{state=terminated|preempted}",
         {"troupe_agent_executors_ended", Type::kCounter, "",
          "Executors that have ended, and those ended for the sake of others (preempted)."});
  single("slave/{validity=valid|invalid|refused}_{type=status_updates|framework_messages}",
         {"troupe_agent_messages_checked", Type::kCounter, "",
          "Messages that were passed on (valid), made no sense (invalid), or came from one who "
          "may not send them (refused), by type."});
  single("slave/invalid_messages", {"troupe_agent_messages_invalid", Type::kCounter, "",
                                    "Messages that the agent could make nothing of."});
  single("slave/messages_from_strangers",
         {"troupe_agent_messages_from_strangers", Type::kCounter, "",
          "Messages that only the agent's master or executor may send, from somebody else."});
}

void Table::add_containers() {
  single("slave/container_launch_errors", {"troupe_agent_container_launch_errors", Type::kCounter,
                                           "", "Containers that could not be started."});
  single("containerizer/mesos/container_destroy_errors",
         {"troupe_agent_container_destroy_errors", Type::kCounter, "",
          "Containers that could not be ended."});
  single("containerizer/mesos/provisioner/bind/remove_rootfs_errors",
         {"troupe_agent_rootfs_removal_errors", Type::kCounter, "",
          "Root filesystems of containers that could not be removed."});
  single("containerizer/mesos/provisioner/remove_container_errors",
         {"troupe_agent_provisioner_errors", Type::kCounter, "",
          "Containers whose images could not be taken down."});
  single("containerizer/fetcher/cache_size_total_bytes",
         {"troupe_fetcher_cache_capacity_bytes", Type::kGauge, "bytes",
          "What the fetcher's cache may hold."});
  single("containerizer/fetcher/cache_size_used_bytes",
         {"troupe_fetcher_cache_used_bytes", Type::kGauge, "bytes",
          "What the fetcher's cache holds."});
  single("containerizer/fetcher/task_fetches_{outcome}",
         {"troupe_fetcher_fetches", Type::kCounter, "",
          "Containers whose URIs all came (succeeded), or not (failed)."});
  single("gc/path_removals_pending", {"troupe_agent_path_removals_pending", Type::kGauge, "",
                                      "Sandboxes that wait to be removed."});
  single("gc/path_removals_{outcome=succeeded|failed}",
         {"troupe_agent_path_removals", Type::kCounter, "",
          "Sandboxes that were removed, or could not be."});
  single("slave/executor_directory_max_allowed_age_secs",
         {"troupe_agent_sandbox_age_limit_seconds", Type::kGauge, "seconds",
          "Sandboxes older than that are removed; less as the disk fills."});
  single("resource_provider_manager/subscribed",
         {"troupe_agent_resource_providers", Type::kGauge, "", "Resource providers subscribed."});
  single("resource_provider_manager/events/{event}",
         {"troupe_agent_resource_provider_events", Type::kCounter, "",
          "Resource providers that came (subscribe) and went (disconnect)."});
}

// -- both programs ------------------------------------------------------------------------

void Table::add_program() {
  single("system/cpus_total",
         {"troupe_system_cpus", Type::kGauge, "", "CPUs of the machine, as this program sees it."});
  single("system/load_{window}",
         {"troupe_system_load", Type::kGauge, "", "Load average of the machine."});
  single("system/mem_total_bytes",
         {"troupe_system_memory_capacity_bytes", Type::kGauge, "bytes", "Memory of the machine."});
  single("system/mem_free_bytes", {"troupe_system_memory_free_bytes", Type::kGauge, "bytes",
                                   "Memory of the machine that nobody uses."});
  single("runtime/messages_{what}",
         {"troupe_runtime_messages", Type::kCounter, "",
          "Messages between actors: sent, received, lost with a connection, malformed, unexpected "
          "by their receiver, or without_receiver."});
  single("runtime/requests_{what}",
         {"troupe_runtime_http_requests", Type::kCounter, "",
          "HTTP requests that were received, or refused before anybody saw them."});
  single("runtime/connections_{what}",
         {"troupe_runtime_connections", Type::kCounter, "",
          "Connections that were refused, or ended as they broke a limit."});
  single("runtime/links_broken", {"troupe_runtime_links_broken", Type::kCounter, "",
                                  "Connections to linked peers that broke."});
  single("runtime/streams_dropped", {"troupe_runtime_streams_dropped", Type::kCounter, "",
                                     "Streaming answers ended since their client did not read."});
  single("runtime/heads_{what}", {"troupe_runtime_request_heads", Type::kCounter, "",
                                  "Heads of requests that were too large, or timed_out."});
  single("runtime/bodies_{what}", {"troupe_runtime_request_bodies", Type::kCounter, "",
                                   "Bodies of requests that were too large, or timed_out."});
  single("runtime/answers_timed_out",
         {"troupe_runtime_answers_timed_out", Type::kCounter, "",
          "Connections ended since the client took its answer too slowly, or not at all."});
  single("runtime/peer_connections_refused",
         {"troupe_runtime_peer_connections_refused", Type::kCounter, "",
          "Connections refused since there were too many from one address."});
  single("runtime/reads_held_back",
         {"troupe_runtime_reads_held_back", Type::kCounter, "",
          "Times that a client had to wait as too many of its requests were unanswered."});
}

// -- looking up ---------------------------------------------------------------------------

Meaning Table::meaning(const Meant& meant, Labels captured) {
  Meaning meaning{meant.family, meant.entry.suffix, meant.entry.labels, meant.entry.scale};
  for (auto& label : captured) {
    meaning.labels.push_back(std::move(label));
  }
  return meaning;
}

std::optional<Meaning> Table::meaning_of(const std::string& flat_name) const {
  if (const auto found = exact_.find(flat_name); found != exact_.end()) {
    return meaning(found->second, {});
  }
  // In falling order the longer of two prefixes of a name comes first: the more special one wins.
  // Within a prefix the table's order counts.
  for (auto at = patterns_.lower_bound(flat_name); at != patterns_.end(); ++at) {
    const auto& [prefix, candidates] = *at;
    if (flat_name.compare(0, prefix.size(), prefix) != 0) {
      continue;
    }
    for (const Meant& candidate : candidates) {
      if (auto captured = match(candidate.entry.pattern, flat_name)) {
        return meaning(candidate, std::move(*captured));
      }
    }
  }
  return std::nullopt;
}

const Table& table() {
  static const Table all;
  return all;
}

}  // namespace

std::optional<Meaning> meaning_of(const std::string& flat_name) {
  return table().meaning_of(flat_name);
}

const std::map<std::string, Family>& families() { return table().families(); }

}  // namespace troupe::metrics
