-- Waiting requests. matcher/queue.py says why a queue is divided into lanes, and in which lanes matching looks at every request.
--
-- A ticket is a request and its present state:
--   id kind site language path medium enqueued_at_ms priority first only widens_ms excluded(set)  the request
--   queue(id) arrival state waiting_since_ms blocked(set) lane                                    the request's place
--   reservation reservation_fence staff until_ms aside                                            the reservation or holder
--
-- Keys:
--   "queues"                       packed (kind, site, language, path, medium) -> queue id
--   "queue_keys"                   queue id -> packed (kind, site, language, path, medium)
--   "open"                         queue -> number of open tickets
--   "empty"                        set of the queues without open tickets
--   "lanes:QUEUE"                  set of the standings (see below) in which somebody waits
--   "lane:QUEUE:STANDING"          requests of that lane in order: enqueue time (15 digits), arrival (15), request
--   "front:ROLE:MEDIUM:LANGUAGE"   lanes that such staff serve, best head first: rank of the head (31), lane
--   "fronts"                       set of the ROLE:MEDIUM:LANGUAGE whose front is not empty
--   "pickups:QUEUE"                last accepted requests, newest first: when accepted, waiting since when (ms)
--
-- A standing is 21 digits that name a lane of a queue, and that all requests of the lane share: priority (3 digits, highest first);
-- 0 if the requests are marked `first`, else 1; after how many ms the tiers of parents and of everybody open (8 each); 1 if the
-- requests exclude members, else 0. A rank is 31 digits that order requests: 0 if the request is marked `first`, else 1; the time
-- from which its waiting counts (15; the enqueue time, moved earlier by the priority); arrival (15).

local Queues = {}

local ABOVE_ALL = 500 -- larger than every priority; the name of a lane (its standing) contains this number minus the priority
local EARLIER = 100000000000000 -- ms, added to the time in a rank so that this time is never negative
local RANK, PLACE = 31, 30 -- number of digits of a rank, and of a place (enqueue time, arrival)

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

-- Return how many ms of waiting the priority of a request is worth: the request is served as if it had waited that much longer.
-- `standing`: the digits that name the request's lane, and begin with the priority.
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

-- Return the place (`place_of`: enqueue time and arrival number) that a request of this rank would have in the lanes with this
-- `standing` (the digits in a lane's name that all its requests share).
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

function Queues.id_of(kind, site, language, path, medium)
  return call("HGET", key("queues"), pack({kind, site, language, path, medium})) or nil
end

function Queues.key_of(queue)
  local bytes = call("HGET", key("queue_keys"), queue)
  return unpacked(bytes)
end

function Queues.add(kind, site, language, path, medium)
  local queue = tostring(World.next_in_sequence())
  local bytes = pack({kind, site, language, path, medium})
  call("HSET", key("queues"), bytes, queue)
  call("HSET", key("queue_keys"), queue, bytes)
  return queue
end

-- Call `visit(queue, kind, site, language, path, medium)` for each queue.
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
  if call("HINCRBY", key("open"), queue, "1") == 1 then
    call("SREM", key("empty"), queue)
  end
end

function Queues.closed(queue)
  if call("HINCRBY", key("open"), queue, "-1") == 0 then
    call("SADD", key("empty"), queue)
  end
end

function Queues.picked_up(ticket)
  local pickups = key("pickups:" .. ticket.queue)
  call("LPUSH", pickups, format("%.0f %.0f", World.now_ms, ticket.waiting_since_ms))
  call("LTRIM", pickups, "0", RULES.kept_pickups - 1)
end

-- Return the name of a front: the lanes that staff of this role, medium and language serve.
function Queues.front_of(role, medium, language)
  return role .. ":" .. medium .. ":" .. language
end

-- After the first request of a lane has changed, move the lane to its new position in its front (the sorted lanes that the same
-- staff serve). Remove an empty lane from the front. `former`, `head`: sort keys (`place_of`) of the old and of the new first
-- request; nil if there is none.
local function face(ticket, lane, former, head)
  local name = Queues.front_of(SERVED_BY[ticket.kind], ticket.medium, ticket.language)
  local front, standing = key("front:" .. name), select(2, lane_parts(lane))
  if former then
    call("ZREM", front, rank_at(standing, former) .. lane)
  else
    call("SADD", key("fronts"), name)
    call("SADD", key("lanes:" .. ticket.queue), standing)
  end
  if head then
    call("ZADD", front, "0", rank_at(standing, head) .. lane)
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
  call("ZADD", lane_key(lane), "0", place .. ticket.id)
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
  local former, second = unpack(call("ZRANGE", items, "0", "1"))
  call("ZREM", items, item)
  if former == item then
    face(ticket, lane, former, second)
  end
end

-- Call `visit(rank, lane, medium)` for each lane (part of a queue) in which somebody waits.
function Queues.each_lane(visit)
  for _, name in ipairs(call("SMEMBERS", key("fronts"))) do
    local medium = string.match(name, "^%a+:(%a+):")
    for _, entry in ipairs(call("ZRANGE", key("front:" .. name), "0", "-1")) do
      visit(string.sub(entry, 1, RANK), string.sub(entry, RANK + 1), medium)
    end
  end
end

-- Call `visit(id, place)` for the requests of a lane, in order, until it returns a value. Return that value. `place`: enqueue
-- time and arrival of the request.
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

-- Return how many requests of one queue are served before a request of this rank.
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

-- Return the earliest `waiting_since_ms` among the first requests of the queue's lanes (parts). nil: nobody waits in this queue.
function Queues.head_since_ms(queue)
  local since
  for _, standing in ipairs(call("SMEMBERS", key("lanes:" .. queue))) do
    local head = tickets:get(Queues.head(queue .. ":" .. standing))
    since = math.min(since or head.waiting_since_ms, head.waiting_since_ms)
  end
  return since
end

-- Return the set of queues of this role and medium in which requests wait.
function Queues.waiting(role, medium)
  local found, whose = {}, Queues.front_of(role, medium, "")
  for _, name in ipairs(call("SMEMBERS", key("fronts"))) do
    if string.sub(name, 1, #whose) == whose then
      for _, entry in ipairs(call("ZRANGE", key("front:" .. name), "0", "-1")) do
        found[(lane_parts(string.sub(entry, RANK + 1)))] = true
      end
    end
  end
  return found
end
