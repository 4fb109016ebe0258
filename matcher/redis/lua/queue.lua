-- Requests in line (matcher/queue.py says why there are lanes, and which are walked).
--
-- A ticket is a request and what has become of it:
--   id kind site language path enqueued_at_ms priority first only widens_ms excluded(set)  the request
--   queue(id) arrival state waiting_since_ms blocked(set) lane                   where it stands
--   reservation reservation_fence staff until_ms                                 who has it
--
-- "queues": packed (kind, site, language, path) -> id. "queue_keys": the other way round. "open": queue -> open tickets.
-- "empty": queues without open tickets. "lanes:QUEUE": the standings in which somebody waits.
-- "lane:QUEUE:STANDING": who waits there, in order: time (15 digits), arrival (15), request.
-- "front:ROLE:LANGUAGE": the lanes of all queues that such a member serves in this language, best head first: rank of the head (31),
-- lane. "fronts": ROLE:LANGUAGE of each that has a lane. "pickups:QUEUE": the last ones, newest first: when, waiting since.
--
-- A standing is priority (3 digits, highest first), not first (1), after how many ms the rings of parents and of everybody open (8
-- each), has exclusions (1). A rank is not first (1), then the time from which its waiting counts, earlier by its priority (15), then
-- arrival (15).

local Queues = {}

local ABOVE_ALL = 500 -- priorities
local EARLIER = 100000000000000 -- ms: added to the time of a rank, so that it is never negative
local RANK, PLACE = 31, 30 -- their lengths

local function excludes_some(ticket)
  return next(ticket.blocked) ~= nil or next(ticket.excluded) ~= nil or ticket.only ~= ""
end

local function excludes(ticket, staff)
  return ticket.blocked[staff] or ticket.excluded[staff] or (ticket.only ~= "" and staff ~= ticket.only)
end

local function opens_after_ms(ticket, ring)
  if ring == EXACT then
    return 0
  end
  local widens = ticket.widens_ms or {RULES.parent_after_ms, RULES.any_after_ms}
  return widens[ring]
end

local function standing_of(ticket)
  local rings = format("%08d%08d", opens_after_ms(ticket, PARENT), opens_after_ms(ticket, ANY))
  return format("%03d", ABOVE_ALL - ticket.priority) .. (ticket.first and "0" or "1") .. rings
end

local function place_of(ticket)
  return sortable(ticket.enqueued_at_ms) .. sortable(ticket.arrival)
end

-- How much longer those of a standing count as having waited, in ms.
local function head_start_ms(standing)
  return (ABOVE_ALL - tonumber(string.sub(standing, 1, 3))) * RULES.priority_step_ms
end

local function rank_at(standing, place)
  local counts_from_ms = tonumber(string.sub(place, 1, 15)) - head_start_ms(standing)
  return string.sub(standing, 4, 4) .. sortable(counts_from_ms + EARLIER) .. string.sub(place, 16, PLACE)
end

local function rank_of(ticket)
  return rank_at(standing_of(ticket), place_of(ticket))
end

-- Where somebody of that rank would stand among those of a standing.
local function place_among(standing, rank)
  local enqueued_at_ms = tonumber(string.sub(rank, 2, 16)) - EARLIER + head_start_ms(standing)
  return sortable(math.max(0, enqueued_at_ms)) .. string.sub(rank, 17)
end

local function lane_parts(lane)
  local queue, standing = string.match(lane, "^(%d+):(%d+)$")
  return queue, standing
end

local function is_walked(lane)
  return string.sub(lane, -1) == "1"
end

local function lane_key(lane)
  return key("lane:" .. lane)
end

function Queues.id_of(kind, site, language, path)
  return call("HGET", key("queues"), pack({kind, site, language, path})) or nil
end

function Queues.key_of(queue)
  local bytes = call("HGET", key("queue_keys"), queue)
  return unpacked(bytes)
end

function Queues.add(kind, site, language, path)
  local queue = tostring(World.next_in_sequence())
  local bytes = pack({kind, site, language, path})
  call("HSET", key("queues"), bytes, queue)
  call("HSET", key("queue_keys"), queue, bytes)
  return queue
end

-- Calls `visit(queue, kind, site, language, path)` for each queue.
function Queues.each(visit)
  local all = call("HGETALL", key("queue_keys"))
  for at = 1, #all, 2 do
    visit(all[at], unpack(unpacked(all[at + 1])))
  end
end

function Queues.forget(queue)
  call("HDEL", key("queues"), call("HGET", key("queue_keys"), queue))
  call("HDEL", key("queue_keys"), queue)
  call("HDEL", key("open"), queue)
  call("SREM", key("empty"), queue)
  call("DEL", key("pickups:" .. queue))
end

function Queues.opened(queue)
  if call("HINCRBY", key("open"), queue, 1) == 1 then
    call("SREM", key("empty"), queue)
  end
end

function Queues.closed(queue)
  if call("HINCRBY", key("open"), queue, -1) == 0 then
    call("SADD", key("empty"), queue)
  end
end

function Queues.picked_up(ticket)
  local pickups = key("pickups:" .. ticket.queue)
  call("LPUSH", pickups, format("%.0f %.0f", World.now_ms, ticket.waiting_since_ms))
  call("LTRIM", pickups, 0, RULES.kept_pickups - 1)
end

-- The head of a lane changed: the lane moves to its new place among the others, or away when nobody is left.
local function face(ticket, lane, former, head)
  local name = SERVED_BY[ticket.kind] .. ":" .. ticket.language
  local front, standing = key("front:" .. name), select(2, lane_parts(lane))
  if former then
    call("ZREM", front, rank_at(standing, former) .. lane)
  else
    call("SADD", key("fronts"), name)
    call("SADD", key("lanes:" .. ticket.queue), standing)
  end
  if head then
    call("ZADD", front, 0, rank_at(standing, head) .. lane)
    return
  end
  call("SREM", key("lanes:" .. ticket.queue), standing)
  if call("EXISTS", front) == 0 then
    call("SREM", key("fronts"), name)
  end
end

function Queues.put(ticket)
  local lane = ticket.queue .. ":" .. standing_of(ticket) .. (excludes_some(ticket) and "1" or "0")
  local place, head = place_of(ticket), first(lane_key(lane))
  call("ZADD", lane_key(lane), 0, place .. ticket.id)
  ticket.lane = lane
  if not head or place < string.sub(head, 1, PLACE) then
    face(ticket, lane, head, place)
  end
end

function Queues.take(ticket)
  local lane = ticket.lane
  if not lane then
    return
  end
  ticket.lane = nil
  local items, item = lane_key(lane), place_of(ticket) .. ticket.id
  local former = first(items)
  call("ZREM", items, item)
  if former == item then
    face(ticket, lane, former, first(items))
  end
end

-- Calls `visit(rank, lane)` for each lane in which somebody waits.
function Queues.each_lane(visit)
  for _, name in ipairs(call("SMEMBERS", key("fronts"))) do
    for _, entry in ipairs(call("ZRANGE", key("front:" .. name), 0, -1)) do
      visit(string.sub(entry, 1, RANK), string.sub(entry, RANK + 1))
    end
  end
end

-- Calls `visit(id, place)` for those who wait in a lane, in order, until it returns something; returns that.
function Queues.walk(lane, visit)
  local from = 0
  repeat
    local items = call("ZRANGE", lane_key(lane), from, from + CHUNK - 1)
    for _, item in ipairs(items) do
      local found = visit(string.sub(item, PLACE + 1), string.sub(item, 1, PLACE))
      if found ~= nil then
        return found
      end
    end
    from = from + CHUNK
  until #items < CHUNK
  return nil
end

function Queues.head(lane)
  return string.sub(first(lane_key(lane)), PLACE + 1)
end

-- How many of one queue are served before `rank`.
function Queues.ahead_in(queue, rank)
  local ahead = 0
  for _, standing in ipairs(call("SMEMBERS", key("lanes:" .. queue))) do
    local here, there = string.sub(standing, 4, 4), string.sub(rank, 1, 1)
    local lane = lane_key(queue .. ":" .. standing)
    if here < there then
      ahead = ahead + call("ZCARD", lane)
    elseif here == there then
      ahead = ahead + call("ZLEXCOUNT", lane, "-", "(" .. place_among(standing, rank))
    end
  end
  return ahead
end

-- Since when the one who is next in a queue has waited.
function Queues.head_since_ms(queue)
  local since
  for _, standing in ipairs(call("SMEMBERS", key("lanes:" .. queue))) do
    local head = tickets:get(Queues.head(queue .. ":" .. standing))
    since = math.min(since or head.waiting_since_ms, head.waiting_since_ms)
  end
  return since
end

-- The queues that a role serves and in which somebody waits, as a set.
function Queues.waiting(role)
  local found = {}
  for _, name in ipairs(call("SMEMBERS", key("fronts"))) do
    if string.sub(name, 1, #role + 1) == role .. ":" then
      for _, entry in ipairs(call("ZRANGE", key("front:" .. name), 0, -1)) do
        found[(lane_parts(string.sub(entry, RANK + 1)))] = true
      end
    end
  end
  return found
end
