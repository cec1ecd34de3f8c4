#include "slave/fetcher/uri_fetcher.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "slave/fetcher/cache.hpp"
#include "slave/fetcher/job.hpp"

namespace troupe::agent {

namespace {

constexpr std::chrono::seconds kIdleThreadLives{5};

struct Request {
  FetchSpec spec;
  Fetcher::Fetched fetched;
  std::atomic<bool> cancelled{false};
};
using RequestPtr = std::shared_ptr<Request>;

Error cancelled_error(const Request& request) {
  return {ErrorCode::kUnavailable,
          "container " + request.spec.container_id.str() + ": its fetch was cancelled"};
}

}  // namespace

class UriFetcher::Pool {
 public:
  explicit Pool(FetcherOptions options)
      : options_(std::move(options)), cache_(options_.cache_dir, options_.cache_size_bytes) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  void add(RequestPtr request);
  void cancel(const ContainerId& id);
  void count(bool succeeded) { ++(succeeded ? succeeded_ : failed_); }
  [[nodiscard]] FetcherUsage usage() const {
    return {options_.cache_size_bytes, cache_.used_bytes(), succeeded_, failed_};
  }

 private:
  using Threads = std::list<std::thread>;

  void work(Threads::iterator self);
  RequestPtr next(Threads::iterator self);
  void finish(const RequestPtr& request);
  void join_ended();

  const FetcherOptions options_;
  FetchCache cache_;
  std::atomic<std::uint64_t> succeeded_{0};
  std::atomic<std::uint64_t> failed_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<RequestPtr> waiting_;
  std::vector<RequestPtr> running_;
  std::size_t idle_ = 0;  // Threads that wait for a request.
  Threads threads_;
  Threads ended_;  // To be joined; they do nothing any more.
};

UriFetcher::Pool::~Pool() {
  std::deque<RequestPtr> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
    for (const RequestPtr& request : running_) {
      request->cancelled = true;
    }
  }
  changed_.notify_all();
  for (const RequestPtr& request : dropped) {
    request->fetched(cancelled_error(*request));
  }
  // Threads move themselves from one list to the other: until the first is empty.
  for (bool left = true; left;) {
    join_ended();
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return threads_.empty() || !ended_.empty(); });
    left = !threads_.empty() || !ended_.empty();
  }
}

void UriFetcher::Pool::add(RequestPtr request) {
  join_ended();
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(std::move(request));
  if (waiting_.size() > idle_ && threads_.size() < std::max<std::size_t>(options_.max_threads, 1)) {
    // The new thread takes the lock first, so that it finds itself in the list.
    const auto self = threads_.emplace(threads_.end());
    *self = std::thread([this, self] { work(self); });
  }
  changed_.notify_one();
}

void UriFetcher::Pool::cancel(const ContainerId& id) {
  std::vector<RequestPtr> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const RequestPtr& request : running_) {
      if (request->spec.container_id == id) {
        request->cancelled = true;
      }
    }
    const auto is_meant = [&](const RequestPtr& request) {
      return request->spec.container_id == id;
    };
    std::copy_if(waiting_.begin(), waiting_.end(), std::back_inserter(dropped), is_meant);
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_meant), waiting_.end());
  }
  for (const RequestPtr& request : dropped) {
    request->fetched(cancelled_error(*request));
  }
}

void UriFetcher::Pool::work(Threads::iterator self) {
  while (const RequestPtr request = next(self)) {
    Result<void> result = FetchJob(options_, &cache_, request->spec, request->cancelled).run();
    finish(request);
    count(result.ok());
    request->fetched(request->cancelled && !result ? Result<void>(cancelled_error(*request))
                                                   : result);
  }
}

/// The next request, or null: then the thread is counted out and must end.
RequestPtr UriFetcher::Pool::next(Threads::iterator self) {
  std::unique_lock<std::mutex> lock(mutex_);
  ++idle_;
  changed_.wait_for(lock, kIdleThreadLives, [&] { return stopping_ || !waiting_.empty(); });
  --idle_;
  if (stopping_ || waiting_.empty()) {
    ended_.splice(ended_.end(), threads_, self);
    changed_.notify_all();
    return nullptr;
  }
  RequestPtr request = std::move(waiting_.front());
  waiting_.pop_front();
  running_.push_back(request);
  return request;
}

void UriFetcher::Pool::finish(const RequestPtr& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.erase(std::remove(running_.begin(), running_.end(), request), running_.end());
}

void UriFetcher::Pool::join_ended() {
  Threads ended;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) {
    thread.join();
  }
}

UriFetcher::UriFetcher(FetcherOptions options)
    : pool_(std::make_unique<Pool>(std::move(options))) {}

UriFetcher::~UriFetcher() = default;

void UriFetcher::fetch(const FetchSpec& spec, Fetched fetched) {
  if (spec.command.uris().empty()) {
    pool_->count(true);
    return fetched({});
  }
  auto request = std::make_shared<Request>();
  request->spec = spec;
  request->fetched = std::move(fetched);
  pool_->add(std::move(request));
}

void UriFetcher::cancel(const ContainerId& id) { pool_->cancel(id); }
FetcherUsage UriFetcher::usage() const { return pool_->usage(); }

}  // namespace troupe::agent
