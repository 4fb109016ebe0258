-- Deadlines (matcher/deadlines.py).
--
-- Keys:
--   "deadlines"  sorted set of entries: time (15 digits), kind (1 digit), sequence (15 digits), name
--   "due"        kind:name -> the entry of that deadline in "deadlines"
-- A name is an id. The name of an "excluded" deadline joins a request and a member (`Deadlines.pair`).

local Deadlines = {}

local KINDS = {"reservation", "entered", "suspended", "excluded", "wrap_up", "lease"}
local KIND_DIGIT = {}
for digit, kind in ipairs(KINDS) do
  KIND_DIGIT[kind] = digit
end

function Deadlines.pair(request, staff)
  return #request .. ":" .. request .. staff
end

function Deadlines.pair_of(name)
  local length, rest = string.match(name, "^(%d+):(.*)$")
  return string.sub(rest, 1, length), string.sub(rest, length + 1)
end

-- Set a new deadline. Call this function only if no deadline of this kind and name is running.
function Deadlines.start(kind, name, at_ms)
  local entry = sortable(at_ms) .. KIND_DIGIT[kind] .. sortable(World.next_in_sequence()) .. name
  call("ZADD", key("deadlines"), "0", entry)
  call("HSET", key("due"), kind .. ":" .. name, entry)
end

function Deadlines.clear(kind, name)
  local field = kind .. ":" .. name
  local entry = call("HGET", key("due"), field)
  if entry then
    call("ZREM", key("deadlines"), entry)
    call("HDEL", key("due"), field)
  end
end

function Deadlines.at_ms(kind, name)
  local entry = call("HGET", key("due"), kind .. ":" .. name)
  return entry and tonumber(string.sub(entry, 1, 15)) or nil
end

function Deadlines.next_ms()
  local entry = first(key("deadlines"))
  return entry and tonumber(string.sub(entry, 1, 15)) or nil
end

function Deadlines.set(kind, name, at_ms)
  local former = call("HGET", key("due"), kind .. ":" .. name)
  if former then
    call("ZREM", key("deadlines"), former)
  end
  Deadlines.start(kind, name, at_ms)
end

-- Remove the earliest deadline that is due and return its kind and name, or nil.
function Deadlines.take(now_ms)
  local entry = first(key("deadlines"))
  if not entry or tonumber(string.sub(entry, 1, 15)) > now_ms then
    return nil
  end
  local kind, name = KINDS[tonumber(string.sub(entry, 16, 16))], string.sub(entry, 32)
  call("ZREM", key("deadlines"), entry)
  call("HDEL", key("due"), kind .. ":" .. name)
  return kind, name
end
