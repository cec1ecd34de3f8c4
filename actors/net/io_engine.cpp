#include "actors/net/io_engine.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "actors/net/io_loop.hpp"
#include "actors/net/timer_queue.hpp"

namespace troupe {
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;

}  // namespace

struct IoLoop::State {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::vector<char> scratch = std::vector<char>(kScratchBytes);

  std::mutex mutex;  // Guards what follows, up to the timer.
  net::TimerQueue timers;
  std::optional<net::TimerQueue::Clock::time_point> armed_for;
  bool stopped = false;

  boost::asio::steady_timer timer{context};  // On the I/O thread only.
  std::thread thread;                        // Last: it starts when all else is there.

  /// Runs what is due, then waits for the next one. On the I/O thread.
  void run_timers();
  void arm();
};

void IoLoop::State::arm() {
  std::optional<net::TimerQueue::Clock::time_point> next;
  {
    const std::lock_guard lock(mutex);
    next = timers.next();
    armed_for = next;
  }
  if (!next) {
    timer.cancel();
    return;
  }
  timer.expires_at(*next);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      run_timers();
    }
  });
}

void IoLoop::State::run_timers() {
  const auto now = net::TimerQueue::Clock::now();
  while (true) {
    std::optional<net::TimerQueue::Task> task;
    {
      const std::lock_guard lock(mutex);
      task = timers.pop(now);
    }
    if (!task) {
      break;
    }
    (*task)();
  }
  arm();
}

IoLoop::IoLoop() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

IoLoop::~IoLoop() { stop(); }

void IoLoop::post(std::function<void()> task) {
  boost::asio::post(state_->context, std::move(task));
}

TimerHandle IoLoop::schedule(Duration delay, std::function<void()> task) {
  using Clock = net::TimerQueue::Clock;
  // Never beyond what the clock can hold.
  const auto now = Clock::now();
  const auto room = Clock::time_point::max() - now;
  const auto deadline = now + std::chrono::duration_cast<Clock::duration>(
                                  std::min<Duration>(std::max(delay, Duration::zero()), room / 2));
  TimerHandle handle;
  bool earliest = false;
  {
    const std::lock_guard lock(state_->mutex);
    handle.id = state_->timers.add(deadline, std::move(task));
    earliest = !state_->armed_for || deadline < *state_->armed_for;
    if (earliest) {
      state_->armed_for = deadline;
    }
  }
  if (earliest) {
    post([state = state_.get()] { state->arm(); });
  }
  return handle;
}

void IoLoop::cancel(TimerHandle timer) {
  const std::lock_guard lock(state_->mutex);
  state_->timers.cancel(timer.id);
}

void IoLoop::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) {
      return;
    }
    state_->stopped = true;
  }
  state_->work.reset();
  state_->context.stop();
  state_->thread.join();
  // A run_and_wait() that came before must still return, and posted closures let go.
  state_->context.restart();
  state_->context.poll();
}

bool IoLoop::on_io_thread() const { return std::this_thread::get_id() == state_->thread.get_id(); }

void IoLoop::run_and_wait(const std::function<void()>& task) {
  std::promise<void> done;
  bool direct = on_io_thread();
  if (!direct) {
    const std::lock_guard lock(state_->mutex);
    direct = state_->stopped;
    if (!direct) {
      post([&task, &done] {
        task();
        done.set_value();
      });
    }
  }
  if (direct) {
    task();
  } else {
    done.get_future().wait();
  }
}

std::vector<char>& IoLoop::scratch() { return state_->scratch; }

boost::asio::io_context& IoLoop::context() { return state_->context; }

// -- IoEngine ------------------------------------------------------------------------

IoEngine::IoEngine() : loop_(std::make_shared<IoLoop>()) {}

IoEngine::~IoEngine() { stop(); }

void IoEngine::post(std::function<void()> task) { loop_->post(std::move(task)); }

TimerHandle IoEngine::schedule(Duration delay, std::function<void()> task) {
  return loop_->schedule(delay, std::move(task));
}

void IoEngine::cancel(TimerHandle timer) { loop_->cancel(timer); }

void IoEngine::stop() { loop_->stop(); }

}  // namespace troupe
