#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::master {

/// Makes what `shared` leads to the caller's alone, to be changed: a copy of it if others hold it.
/// Threads: the others may read and let go meanwhile.
template <class T>
T& own(std::shared_ptr<T>& shared) {
  if (shared.use_count() > 1) {
    shared = std::make_shared<T>(*shared);
  } else {
    // A snapshot's last reader let go on another thread: what it read comes before our changes.
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return *shared;
}

/// Records by id, in order of id. A copy of a Table shares its records with the original: edit()
/// first clones a record that a copy still holds, so that a copy taken as a snapshot never changes.
///
///     chunks_ ─► [ chunk | chunk | chunk ]      a copy costs a pointer a chunk
///                    └─► [ id, record | ... ]   a change after it clones one chunk, and the record
///
/// Cost: find and edit O(log n); put and erase O(log n + n/kMaxRows) moves of pointers.
/// Threads: one owner edits; copies may be read and destroyed on others.
template <class Key, class Record>
class Table {
 public:
  /// Null if there is none. Valid until the record is edited or erased.
  [[nodiscard]] const Record* find(const Key& key) const {
    const Row* row = row_of(key);
    return row == nullptr ? nullptr : row->record.get();
  }

  /// The record, kept as it is now for as long as it is held; null if there is none.
  [[nodiscard]] std::shared_ptr<const Record> share(const Key& key) const {
    const Row* row = row_of(key);
    return row == nullptr ? nullptr : row->record;
  }

  /// The record to be changed; null if there is none. Valid until it is erased or this is copied.
  Record* edit(const Key& key) {
    const Place at = place_of(key);
    if (!holds(at, key)) {
      return nullptr;
    }
    return &own(own(chunks_[at.chunk])[at.row].record);
  }

  /// Adds or replaces. `key` may be part of `record`.
  Record& put(const Key& key, Record&& record) {
    const Place at = place_of(key);
    if (holds(at, key)) {
      auto& row = own(chunks_[at.chunk])[at.row];
      row.record = std::make_shared<Record>(std::move(record));
      return *row.record;
    }
    Row row{key, nullptr};  // Before what `key` may be part of is moved.
    row.record = std::make_shared<Record>(std::move(record));
    Record& added = *row.record;
    insert(at, std::move(row));
    ++size_;
    return added;
  }

  /// A no-op if there is none.
  void erase(const Key& key) {
    const Place at = place_of(key);
    if (!holds(at, key)) {
      return;
    }
    Chunk& chunk = own(chunks_[at.chunk]);
    chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(at.row));
    --size_;
    shrink(at.chunk);
  }

  [[nodiscard]] bool contains(const Key& key) const { return row_of(key) != nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  struct Row {
    Key key;
    std::shared_ptr<Record> record;
  };
  using Chunk = std::vector<Row>;
  using Chunks = std::vector<std::shared_ptr<Chunk>>;

 public:
  /// Iterates `const Record&` in order of id. Stays valid while records are edited, not while some
  /// are added or erased.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Record;
    using difference_type = std::ptrdiff_t;
    using pointer = const Record*;
    using reference = const Record&;

    Iterator(const Chunks* chunks, std::size_t chunk) : chunks_(chunks), chunk_(chunk) {}
    const Record& operator*() const { return *(*(*chunks_)[chunk_])[row_].record; }
    const Record* operator->() const { return &**this; }
    Iterator& operator++() {
      if (++row_ == (*chunks_)[chunk_]->size()) {
        ++chunk_;
        row_ = 0;
      }
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.chunk_ == b.chunk_ && a.row_ == b.row_;
    }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return !(a == b); }

   private:
    const Chunks* chunks_;
    std::size_t chunk_;
    std::size_t row_ = 0;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(&chunks_, 0); }
  [[nodiscard]] Iterator end() const { return Iterator(&chunks_, chunks_.size()); }

 private:
  /// Few enough that a clone is cheap, enough that a copy of the table is.
  static constexpr std::size_t kMaxRows = 64;

  /// Where a key is, or belongs. In an empty table: chunk 0, which is not there.
  struct Place {
    std::size_t chunk = 0;
    std::size_t row = 0;
  };

  [[nodiscard]] Place place_of(const Key& key) const {
    // The last chunk that begins at or before the key; the first if none does.
    const auto after = std::upper_bound(
        chunks_.begin(), chunks_.end(), key,
        [](const Key& wanted, const auto& chunk) { return wanted < chunk->front().key; });
    if (chunks_.empty()) {
      return {};
    }
    const auto chunk =
        static_cast<std::size_t>(after == chunks_.begin() ? 0 : after - chunks_.begin() - 1);
    const Chunk& rows = *chunks_[chunk];
    const auto row =
        std::lower_bound(rows.begin(), rows.end(), key,
                         [](const Row& each, const Key& wanted) { return each.key < wanted; });
    return {chunk, static_cast<std::size_t>(row - rows.begin())};
  }

  [[nodiscard]] bool holds(const Place& at, const Key& key) const {
    return at.chunk < chunks_.size() && at.row < chunks_[at.chunk]->size() &&
           !(key < (*chunks_[at.chunk])[at.row].key);
  }

  [[nodiscard]] const Row* row_of(const Key& key) const {
    const Place at = place_of(key);
    return holds(at, key) ? &(*chunks_[at.chunk])[at.row] : nullptr;
  }

  void insert(Place at, Row row) {
    if (chunks_.empty()) {
      chunks_.push_back(std::make_shared<Chunk>());
    } else if (chunks_[at.chunk]->size() == kMaxRows) {
      at = split(at);
    }
    Chunk& chunk = own(chunks_[at.chunk]);
    chunk.insert(chunk.begin() + static_cast<std::ptrdiff_t>(at.row), std::move(row));
  }

  /// Makes room at `at`. Ids mostly grow: what goes to the very end begins a chunk of its own, so
  /// that those before it stay full.
  Place split(Place at) {
    const auto next = chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1;
    if (next == chunks_.end() && at.row == kMaxRows) {
      chunks_.push_back(std::make_shared<Chunk>());
      return {at.chunk + 1, 0};
    }
    Chunk& low = own(chunks_[at.chunk]);
    const auto middle = low.begin() + kMaxRows / 2;
    chunks_.insert(next, std::make_shared<Chunk>(std::make_move_iterator(middle),
                                                 std::make_move_iterator(low.end())));
    low.erase(middle, low.end());
    return at.row <= kMaxRows / 2 ? at : Place{at.chunk + 1, at.row - kMaxRows / 2};
  }

  /// Drops a chunk that is empty, or joins it to the next one if both are nearly so.
  void shrink(std::size_t at) {
    const auto place = chunks_.begin() + static_cast<std::ptrdiff_t>(at);
    if ((*place)->empty()) {
      chunks_.erase(place);
      return;
    }
    const auto next = place + 1;
    if (next == chunks_.end() || (*place)->size() + (*next)->size() > kMaxRows / 2) {
      return;
    }
    Chunk& low = **place;  // Ours since the erasure.
    Chunk& high = own(*next);
    low.insert(low.end(), std::make_move_iterator(high.begin()),
               std::make_move_iterator(high.end()));
    chunks_.erase(next);
  }

  Chunks chunks_;  // Invariant: none is empty, or has more than kMaxRows; in order.
  std::size_t size_ = 0;
};

/// A map that copies share until one of them changes: for what is large and changes seldom.
/// Threads: as Table.
template <class Key, class Value>
class SharedMap {
 public:
  using Map = std::map<Key, Value>;

  [[nodiscard]] typename Map::const_iterator find(const Key& key) const { return map_->find(key); }
  [[nodiscard]] std::size_t count(const Key& key) const { return map_->count(key); }
  [[nodiscard]] std::size_t size() const { return map_->size(); }
  [[nodiscard]] bool empty() const { return map_->empty(); }
  [[nodiscard]] typename Map::const_iterator begin() const { return map_->begin(); }
  [[nodiscard]] typename Map::const_iterator end() const { return map_->end(); }

  Value& operator[](const Key& key) { return own(map_)[key]; }
  void erase(const Key& key) {
    if (count(key) != 0) {
      own(map_).erase(key);
    }
  }

 private:
  std::shared_ptr<Map> map_ = std::make_shared<Map>();
};

}  // namespace troupe::master
