/* The public views: the part of the schema that people and scripts may lean on. */
#include "store/store_query.h"

#define TIME(column)                                                                       \
    "strftime('%Y-%m-%dT%H:%M:%fZ', nullif(" column ", 0) / 1000.0, 'unixepoch')"

#define FAILURE(column) "case when " column " <> 0 then printf('F-%02d', " column ") end"

/* Path of `item`, climbing from it: for the few rows of a work list. NULL where a parent
 * is missing, or deeper than 256. */
#define PATH_OF_ITEM                                                                       \
    "(with recursive up(key, path) as ("                                                   \
    "select item.parent, case when item.parent <> 0 then item.name end "                   \
    "union all "                                                                           \
    "select above.parent, case above.kind when 3 then up.path "                            \
    "else above.name || '/' || up.path end "                                               \
    "from up join item as above on above.key = up.key limit 258) "                         \
    "select path from up where key = 0)"

/* The layout of the SQL is what people read in `agent inspect schema`. */
/* clang-format off */
static const char about[] =
    "-- Times are UTC in ISO 8601 with milliseconds, sizes are bytes, paths are relative\n"
    "-- to the mirror's folder with '/' between names. NULL: not known, or not there.\n\n";

static const char items[] =
    "-- Every item of the drive but its root. Paths come from a walk over the folders, so\n"
    "-- a question for one path costs as much as one for all.\n"
    "create view v_items(\n"
    "  mirror,       -- name of the mirror\n"
    "  path,         -- NULL while a parent is not known\n"
    "  kind,         -- file, folder, other (recorded, never mirrored)\n"
    "  size,\n"
    "  item_id,      -- the service's id\n"
    "  etag,\n"
    "  ctag,\n"
    "  hash,         -- lower-case hex; the service prints quickXorHash in base64\n"
    "  remote_mtime, -- as the drive lists it\n"
    "  state,        -- synced, waiting, held, local-only, deleting, gone, not-mirrored\n"
    "  local_mtime,  -- of the file in the folder, when it was last looked at\n"
    "  problem       -- why it is held, or what is different here\n"
    ") as\n"
    "with recursive folder(key, path) as (\n"
    "  values(0, null)\n"
    "  union all\n"
    "  select item.key, case when item.kind = 3 then '' when folder.path = ''\n"
    "    then item.name else folder.path || '/' || item.name end\n"
    "  from folder cross join item indexed by item_parent on item.parent = folder.key\n"
    "  where item.kind <> 1)\n"
    "select mirror.name,\n"
    "  case folder.path when '' then item.name else folder.path || '/' || item.name end,\n"
    "  case item.kind when 1 then 'file' when 2 then 'folder' else 'other' end,\n"
    "  item.size, item.id, item.etag, item.ctag,\n"
    "  case when item.hash is not null then lower(hex(item.hash)) end,\n"
    "  " TIME("item.mtime") ",\n"
    "  case when item.gone then iif(base.key is null, 'gone', 'deleting')\n"
    "    when todo.held then 'held' when todo.key is not null then 'waiting'\n"
    "    when base.flags & 38 then 'local-only'\n"
    "    when base.key is null then 'not-mirrored' else 'synced' end,\n"
    "  " TIME("(base.mtime_ns / 1000000)") ",\n"
    "  case when todo.text is not null then todo.text\n"
    "    when todo.failure <> 0 then " FAILURE("todo.failure") "\n"
    "    when base.flags & 2 then 'edited here' when base.flags & 4 then 'removed here'\n"
    "    when base.flags & 32 then 'moved here: ' || base.name\n"
    "    when base.flags & 16 then 'differs from the listing' end\n"
    "from folder cross join item indexed by item_parent on item.parent = folder.key\n"
    "  join mirror on mirror.key = item.mirror\n"
    "  left join todo on todo.mirror = item.mirror and todo.key = item.key\n"
    "  left join base on base.key = item.key\n"
    "where item.kind not in (0, 3);\n\n";

static const char pending[] =
    "-- What is still to do, and why.\n"
    "create view v_pending(\n"
    "  mirror,\n"
    "  path,\n"
    "  operation, -- download, mkdir, update, move, delete, record\n"
    "  why,\n"
    "  size,\n"
    "  attempts,  -- failed ones\n"
    "  next_try,  -- NULL: at once, or when its cause changes if it is held\n"
    "  held,      -- 1: waits for its cause to change or for a person's word\n"
    "  item_id\n"
    ") as\n"
    "select mirror.name, " PATH_OF_ITEM ",\n"
    "  case when item.gone then 'delete' when item.kind not in (1, 2) then 'record'\n"
    "    when base.key is null then iif(item.kind = 2, 'mkdir', 'download')\n"
    "    when base.flags & 32 = 0\n"
    "      and (base.parent <> item.parent or base.name <> item.name) then 'move'\n"
    "    else 'update' end,\n"
    "  coalesce(todo.text, " FAILURE("todo.failure") ",\n"
    "    case when item.gone then 'deleted on the drive'\n"
    "      when base.key is null then 'new on the drive'\n"
    "      else 'changed on the drive' end),\n"
    "  item.size, todo.attempts, " TIME("todo.not_before") ", todo.held, item.id\n"
    "from todo join mirror on mirror.key = todo.mirror join item on item.key = todo.key\n"
    "  left join base on base.key = todo.key;\n\n";

static const char problems[] =
    "-- What went wrong and still is: of a mirror as a whole (path NULL), and of items.\n"
    "create view v_problems(\n"
    "  mirror,\n"
    "  path,\n"
    "  failure,  -- number in the failure model, F-01 and so on\n"
    "  text,\n"
    "  since,    -- of a mirror's problem\n"
    "  attempts,\n"
    "  next_try,\n"
    "  held,\n"
    "  item_id\n"
    ") as\n"
    "select mirror.name, null, " FAILURE("problem.failure") ", problem.text,\n"
    "  " TIME("problem.at") ", null, null, null, null\n"
    "from problem join mirror on mirror.key = problem.mirror\n"
    "union all\n"
    "select mirror.name, " PATH_OF_ITEM ", " FAILURE("todo.failure") ", todo.text, null,\n"
    "  todo.attempts, " TIME("todo.not_before") ", todo.held, item.id\n"
    "from todo join mirror on mirror.key = todo.mirror join item on item.key = todo.key\n"
    "where todo.failure <> 0 or todo.held;\n\n";

static const char conflicts[] =
    "-- A person's versions that were set aside.\n"
    "create view v_conflicts(\n"
    "  \"when\",\n"
    "  mirror,\n"
    "  path,\n"
    "  copy   -- where that version is now\n"
    ") as\n"
    "select " TIME("conflict.at") ", mirror.name, conflict.path, conflict.copy\n"
    "from conflict join mirror on mirror.key = conflict.mirror order by conflict.key;\n\n";

static const char history[] =
    "-- What was done, oldest first; the last 200,000 lines.\n"
    "create view v_history(\n"
    "  \"when\",      -- as done_at\n"
    "  mirror,\n"
    "  path,        -- at that time\n"
    "  operation,   -- download, update, mkdir, move, delete, conflict, record, leave\n"
    "  bytes,\n"
    "  \"trigger\",   -- event, poll, start, sync-now, reconcile, retry, renewal\n"
    "  notified_at, -- when the event came; NULL where none started it\n"
    "  delta_at,    -- when the answer came that named the change\n"
    "  done_at      -- when it was durable in the folder\n"
    ") as\n"
    "select " TIME("history.done_at") ", mirror.name, history.path, history.operation,\n"
    "  history.bytes, history.trigger, " TIME("history.notified_at") ",\n"
    "  " TIME("history.delta_at") ", " TIME("history.done_at") "\n"
    "from history join mirror on mirror.key = history.mirror order by history.key;\n\n";

static const char mirrors[] =
    "-- One row per mirror.\n"
    "create view v_mirrors(\n"
    "  mirror,\n"
    "  folder,\n"
    "  drive,          -- as configured\n"
    "  drive_id,\n"
    "  state,\n"
    "  feed,           -- new, enumerating, listing, current\n"
    "  items,          -- on the drive, without the root\n"
    "  files,\n"
    "  bytes,\n"
    "  placed,         -- items that stand in the folder\n"
    "  waiting,        -- in the queue, without the held ones\n"
    "  waiting_bytes,\n"
    "  held,\n"
    "  local_only,     -- changed, removed or moved here\n"
    "  held_deletions, -- waiting for a person's word\n"
    "  enumerated_at,  -- end of the last complete enumeration\n"
    "  synced_at       -- when folder and records last agreed\n"
    ") as\n"
    "select name, folder, drive, drive_id, state,\n"
    "  case feed when 1 then 'enumerating' when 2 then 'listing' when 3 then 'current'\n"
    "    else 'new' end,\n"
    "  items, files, bytes, placed, waiting, waiting_bytes, held, local_only,\n"
    "  held_deletions, " TIME("enumerated_at") ", " TIME("synced_at") "\n"
    "from mirror order by key;\n\n";

static const char channel[] =
    "-- The notification channel of each mirror.\n"
    "create view v_channel(\n"
    "  mirror,\n"
    "  state,\n"
    "  since,\n"
    "  generation,     -- of the Engine.IO protocol\n"
    "  ping_interval_ms,\n"
    "  ping_timeout_ms,\n"
    "  last_event,\n"
    "  expires,        -- end of the subscription\n"
    "  renewals,\n"
    "  reconnects,\n"
    "  events,\n"
    "  found_by_event, -- changes found by a round that an event started\n"
    "  found_by_poll,\n"
    "  last_error\n"
    ") as\n"
    "select mirror.name, channel.state, " TIME("channel.since") ", channel.generation,\n"
    "  channel.ping_interval_ms, channel.ping_timeout_ms,\n"
    "  " TIME("channel.last_event") ", " TIME("channel.expires") ", channel.renewals,\n"
    "  channel.reconnects, channel.events, channel.found_by_event, channel.found_by_poll,\n"
    "  channel.last_error\n"
    "from channel join mirror on mirror.key = channel.mirror order by channel.mirror;\n";
/* clang-format on */

static const char *const parts[] = {about,     items,   pending, problems,
                                    conflicts, history, mirrors, channel};

const char *store_schema_text(size_t part)
{
    return part < sizeof parts / sizeof *parts ? parts[part] : NULL;
}
