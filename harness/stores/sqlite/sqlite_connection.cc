// A connection of SQLite: statements that are prepared once, and its result codes as a Status.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/sqlite/sqlite_connection.h"

#include <fmt/format.h>

namespace varve::harness {
namespace {

// Never waited for while clients work, as writers go one after the other: it is for a checkpoint
// that meets somebody else's program at the same file.
constexpr int kBusyMilliseconds = 10'000;

constexpr std::array<const char*, 8> kSql = {
    "INSERT INTO kv VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    "DELETE FROM kv WHERE key = ?1",
    "DELETE FROM kv WHERE key >= ?1 AND key < ?2",
    "SELECT value FROM kv WHERE key = ?1",
    "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key",
    "SELECT key, value FROM kv WHERE key <= ?1 ORDER BY key DESC",
    "BEGIN IMMEDIATE",
    "COMMIT",
};

// Valid until the statement moves on.
std::string_view Column(sqlite3_stmt* statement, int column) {
  const void* bytes = sqlite3_column_blob(statement, column);  // first: it may convert
  const int size = sqlite3_column_bytes(statement, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path) {
  sqlite3* database = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &database, kFlags, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(database));
  if (database == nullptr) return Status::IoError("sqlite3_open_v2: out of memory");
  if (code != SQLITE_OK) return connection->Failed("sqlite3_open_v2", code).Annotate(path);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Status SqliteConnection::Failed(std::string_view call, int code) const {
  std::string message = fmt::format("{}: {}", call, sqlite3_errmsg(database_));
  if (const char* kind = sqlite3_errstr(code); message.find(kind) == std::string::npos) {
    message += fmt::format(" ({})", kind);
  }
  switch (code & 0xff) {  // an extended code is a kind of its last byte
    case SQLITE_FULL:
      return Status::NoSpace(std::move(message));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Status::Corruption(std::move(message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Status::Busy(std::move(message));
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
      return Status::InvalidArgument(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

Status SqliteConnection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Failed(sql, code);
}

Result<std::optional<std::string>> SqliteConnection::Ask(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return Failed(sql, code);
  std::optional<std::string> answer;
  code = sqlite3_step(statement);
  if (code == SQLITE_ROW) answer = Column(statement, 0);
  const bool failed = code != SQLITE_ROW && code != SQLITE_DONE;
  const Status status = failed ? Failed(sql, code) : Status();
  sqlite3_finalize(statement);
  if (!status.ok()) return status;
  return answer;
}

Status SqliteConnection::CreateTable(bool rowid) {
  Status status = Execute(
      fmt::format("CREATE TABLE IF NOT EXISTS kv (key BLOB PRIMARY KEY NOT NULL, value BLOB){}",
                  rowid ? "" : " WITHOUT ROWID"));
  if (!status.ok()) return status;
  const auto has = Ask("SELECT wr FROM pragma_table_list WHERE name = 'kv'");
  if (!has.ok()) return has.status();
  if (*has == (rowid ? "0" : "1")) return {};
  return Status::InvalidArgument("sqlite.table: the table that is there is of the other kind");
}

Status SqliteConnection::Prepare() {
  static_assert(kSql.size() == kQueries);
  for (size_t i = 0; i < kSql.size(); ++i) {
    const int code = sqlite3_prepare_v3(database_, kSql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &statements_[i], nullptr);
    if (code != SQLITE_OK) return Failed("sqlite3_prepare_v3", code);
  }
  return {};
}

Status SqliteConnection::Bind(Query query, int parameter, std::string_view bytes) {
  // A null pointer would be NULL, which is no blob.
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  const int code =
      sqlite3_bind_blob64(statements_[query], parameter, data, bytes.size(), SQLITE_STATIC);
  return code == SQLITE_OK ? Status() : Failed("sqlite3_bind_blob64", code);
}

Status SqliteConnection::Run(Query query) {
  const int code = sqlite3_step(statements_[query]);
  const Status status = code == SQLITE_DONE ? Status() : Failed("sqlite3_step", code);
  sqlite3_reset(statements_[query]);
  return status;
}

Status SqliteConnection::Put(std::string_view key, std::string_view value) {
  if (Status status = Bind(kPut, 1, key); !status.ok()) return status;
  if (Status status = Bind(kPut, 2, value); !status.ok()) return status;
  return Run(kPut);
}

Status SqliteConnection::Delete(std::string_view key) {
  if (Status status = Bind(kDelete, 1, key); !status.ok()) return status;
  return Run(kDelete);
}

Status SqliteConnection::DeleteRange(std::string_view begin, std::string_view end) {
  if (Status status = Bind(kDeleteRange, 1, begin); !status.ok()) return status;
  if (Status status = Bind(kDeleteRange, 2, end); !status.ok()) return status;
  return Run(kDeleteRange);
}

Result<bool> SqliteConnection::Get(std::string_view key, std::string* value) {
  if (Status status = Bind(kGet, 1, key); !status.ok()) return status;
  const int code = sqlite3_step(statements_[kGet]);
  const bool found = code == SQLITE_ROW;
  if (found) value->assign(Column(statements_[kGet], 0));
  const Status status = found || code == SQLITE_DONE ? Status() : Failed("sqlite3_step", code);
  sqlite3_reset(statements_[kGet]);
  if (!status.ok()) return status;
  return found;
}

Result<uint64_t> SqliteConnection::ScanBy(Query query, std::string_view start, uint64_t count,
                                          const Store::Visit& visit) {
  if (Status status = Bind(query, 1, start); !status.ok()) return status;
  sqlite3_stmt* statement = statements_[query];
  uint64_t visited = 0;
  Status status;
  while (visited < count) {
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
      if (code != SQLITE_DONE) status = Failed("sqlite3_step", code);
      break;
    }
    // Read also if nobody looks: that is what a scan costs.
    const std::string_view key = Column(statement, 0);
    const std::string_view value = Column(statement, 1);
    if (visit != nullptr) visit(key, value);
    ++visited;
  }
  sqlite3_reset(statement);
  if (!status.ok()) return status;
  return visited;
}

Status SqliteConnection::Commit() {
  const Status status = Run(kCommit);
  if (!status.ok()) Rollback();
  return status;
}

void SqliteConnection::Rollback() {
  // Some errors have rolled back by themselves.
  if (sqlite3_get_autocommit(database_) == 0) static_cast<void>(Execute("ROLLBACK"));
}

Status SqliteConnection::Checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Failed("sqlite3_wal_checkpoint_v2", code);
}

Status SqliteConnection::SyncFile(int which, std::string_view name) {
  sqlite3_file* file = nullptr;
  const int code = sqlite3_file_control(database_, "main", which, static_cast<void*>(&file));
  if (code != SQLITE_OK) return Failed("sqlite3_file_control", code);
  if (file == nullptr || file->pMethods == nullptr) return {};  // not open
  const int synced = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  return synced == SQLITE_OK ? Status() : Failed("xSync", synced).Annotate(name);
}

Status SqliteConnection::Sync() {
  if (Status status = SyncFile(SQLITE_FCNTL_JOURNAL_POINTER, "log"); !status.ok()) return status;
  return SyncFile(SQLITE_FCNTL_FILE_POINTER, "database");
}

const std::array<uint64_t, SqliteConnection::kCounters.size()>& SqliteConnection::Count() {
  constexpr uint64_t kMask = 0x7fffffff;
  for (size_t i = 0; i < counts_.size(); ++i) {
    int now = 0;
    int peak = 0;
    if (sqlite3_db_status(database_, kCounters[i].status, &now, &peak, 0) != SQLITE_OK) continue;
    counts_[i] += (static_cast<uint64_t>(now) - counts_[i]) & kMask;
  }
  return counts_;
}

}  // namespace varve::harness
