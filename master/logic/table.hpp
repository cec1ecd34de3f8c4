#pragma once

#include <atomic>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

namespace troupe::master {

/// Records by id, in order of id. A copy of a Table shares its records with the original: edit()
/// first clones a record that a copy still holds, so that a copy taken as a snapshot never changes
/// and costs one pointer a record.
/// Threads: one owner edits; copies may be read and destroyed on others.
template <class Key, class Record>
class Table {
 public:
  using Rows = std::map<Key, std::shared_ptr<Record>>;

  /// Null if there is none. Valid until the record is edited or erased.
  [[nodiscard]] const Record* find(const Key& key) const {
    auto row = rows_.find(key);
    return row == rows_.end() ? nullptr : row->second.get();
  }

  /// The record to be changed; null if there is none. Valid until it is erased or this is copied.
  Record* edit(const Key& key) {
    auto row = rows_.find(key);
    if (row == rows_.end()) {
      return nullptr;
    }
    if (row->second.use_count() > 1) {
      row->second = std::make_shared<Record>(*row->second);
    } else {
      // A snapshot's last reader let go on another thread: what it read comes before our changes.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return row->second.get();
  }

  /// Adds or replaces. `key` may be part of `record`.
  Record& put(const Key& key, Record&& record) {
    auto& row = rows_[key];
    row = std::make_shared<Record>(std::move(record));
    return *row;
  }

  /// A no-op if there is none.
  void erase(const Key& key) { rows_.erase(key); }

  [[nodiscard]] bool contains(const Key& key) const { return rows_.count(key) != 0; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// Iterates `const Record&` in order of id.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Record;
    using difference_type = std::ptrdiff_t;
    using pointer = const Record*;
    using reference = const Record&;

    explicit Iterator(typename Rows::const_iterator at) : at_(at) {}
    const Record& operator*() const { return *at_->second; }
    const Record* operator->() const { return at_->second.get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return a.at_ != b.at_; }

   private:
    typename Rows::const_iterator at_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(rows_.begin()); }
  [[nodiscard]] Iterator end() const { return Iterator(rows_.end()); }

 private:
  Rows rows_;
};

}  // namespace troupe::master
