-- Keys, sortable numbers, and the state that every step reads first and writes last. Times are milliseconds.
--
-- All files are one library of Redis Functions (matcher/redis/script.py). Locals at the top of a file are created at the first call
-- and stay for later calls. So `open` here, `Ledger.open` and `Roster.open` reset everything that belongs to one call.
--
-- Ordered lists are sorted sets in which every score is 0, so that Redis sorts by the bytes of the entries: numbers of a fixed width,
-- then an id. (A score is a double and cannot hold priority, time and arrival at once.)
--
-- Most constant arguments of `call` are strings, because Redis prints each number that it gets with 17 digits, which takes 0.3 µs.

local call, pack, unpacked, format = redis.call, cmsgpack.pack, cmsgpack.unpack, string.format

local DOMAIN -- hash tag of the matching domain, "{sangdam:NAME:LAYOUT}"; every key begins with it, so that all keys are in one slot
local RULES, packed_rules

local EXACT, PARENT, ANY = 0, 1, 2
local RINGS = {[0] = "exact", [1] = "parent", [2] = "any"}
local ALL = "*"
local MEDIA = {"text", "call"}
local CALL_WEIGHT = 100000 -- matcher/rules.py
local SERVED_BY = {user = "counselor", callback = "counselor", help = "professional"}
local CHUNK = 64 -- at most this many entries of a long list are read at once

local function key(name)
  return DOMAIN .. name
end

-- Return a number as 15 digits, which sort like the number: milliseconds (until the year 33658) or a sequence number.
local function sortable(number)
  return format("%015d", number)
end

local function first(order)
  return call("ZRANGE", order, "0", "0")[1]
end

-- End the step as refused. Call this function only before the first change, because a refused step changes nothing.
local function refuse(reason)
  error({refused = reason})
end

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then
      return true
    end
  end
  return false
end

-- Return the beginning of a site's name that names its organisation: "acme/" of "acme/shop", "" of "shop".
local function organisation_of(site)
  return site and site:match("^.*/") or ""
end

-- The state of the whole domain, packed under the key "world".
--   fence           fence of the newest event: a number that grows with every event
--   now_ms          the latest time that a step has brought
--   era             name of the domain's first step; callers compare eras to notice that Redis came back empty
--   born_ms         time of the domain's first step
--   holds_until_ms  nobody is matched before this time (`holding` in matcher/engine.py); 0: no hold
--   sequence        the last number that was given out; requests, queues, pools, members who join a pool, and deadlines get these
--                   numbers in the order in which they come
--   rings           name of the last step that changed which pools serve which queues; "": unknown. While this name stays the same,
--                   a call may use what earlier calls have found out about pools and queues (reading.lua)
local World = {}

-- µs: added to the last fence (fencing token) after Redis has lost its data. So all new fences are larger than all earlier ones,
-- even if the servers' clocks differed by a minute.
local FENCE_LEAP = 60000000

function World.read()
  local bytes = call("GET", key("world"))
  local found = bytes and unpacked(bytes) or {0, 0, 0, 0, 0, ""}
  World.fence, World.now_ms, World.sequence, World.holds_until_ms, World.born_ms, World.era = unpack(found)
  World.rings = found[7] or "" -- earlier versions store no name, and drop the name that a later version has stored
end

-- Clocks of servers may differ by 30 s. If two times differ by more than this many ms, one of the clocks was wrong.
local AHEAD_MS = 60000

-- Delete everything that is stored for the domain, except the fence.
local function forget_everything()
  local fence = World.fence
  for _, name in ipairs(call("KEYS", string.gsub(DOMAIN, "[%*%?%[%]\\]", "\\%0") .. "*")) do
    call("DEL", name)
  end
  World.read()
  World.fence = fence
end

-- Begin a step. The domain's clock is the latest time that a step has brought, and never runs backwards. After a step of a caller
-- whose clock was far ahead, the domain's clock would stand still until the other callers' clocks reach it, and nothing would
-- expire. So the domain begins empty when a new caller's first step has a time that is more than `AHEAD_MS` before the domain's
-- clock. New fences (numbers of events) are larger than the last fence that the caller has seen, even if Redis came back empty.
-- `era`: the era (see `World`) that the caller knows ("": none yet). `step`: a name for this step.
function World.begin(now_ms, fence, era, step)
  if era == "" and World.now_ms - now_ms > AHEAD_MS then
    forget_everything()
  end
  World.step = step
  World.rings = World.rings ~= "" and World.rings or step
  World.now_ms = math.max(World.now_ms, now_ms)
  World.fence = math.max(World.fence, fence)
  local begins = World.era == ""
  if World.era == era and not begins then
    return
  end
  if begins then
    World.era, World.born_ms = step, World.now_ms
  end
  if era ~= "" or (begins and fence > 0) then
    World.holds_until_ms = math.max(World.holds_until_ms, World.born_ms + RULES.lease_ms)
  end
  if begins and World.holds_until_ms > 0 then
    World.fence = math.max(World.fence, World.now_ms * 1000) + FENCE_LEAP
  end
end

function World.write()
  local bytes = pack({World.fence, World.now_ms, World.sequence, World.holds_until_ms, World.born_ms, World.era, World.rings})
  call("SET", key("world"), bytes)
end

-- Call this function after a change of the pools that serve a queue.
function World.rings_changed()
  World.rings = World.step
end

function World.end_hold()
  World.holds_until_ms = 0
end

function World.next_in_sequence()
  World.sequence = World.sequence + 1
  return World.sequence
end

-- Return the fence of a new event. It is larger than all earlier ones, even if the clock stands still.
function World.next_fence()
  World.fence = math.max(World.fence + 1, World.now_ms * 1000)
  return World.fence
end

-- A Redis hash of packed objects, by id. A step works on unpacked copies of the objects. `write` stores those that the step
-- changed.
local Shelf = {}
Shelf.__index = Shelf

function Shelf.new(title)
  return setmetatable({title = title}, Shelf)
end

function Shelf:open()
  self.name, self.held, self.changed = key(self.title), {}, {}
end

function Shelf:get(id)
  local object = self.held[id]
  if object == nil then
    local bytes = call("HGET", self.name, id)
    object = bytes and unpacked(bytes)
    self.held[id] = object
  end
  return object or nil
end

function Shelf:put(object)
  self.held[object.id] = object
  self.changed[object.id] = object
end

function Shelf:remove(id)
  call("HDEL", self.name, id)
  self.held[id] = false
  self.changed[id] = nil
end

function Shelf:write()
  for id, object in pairs(self.changed) do
    call("HSET", self.name, id, pack(object))
  end
end

local tickets = Shelf.new("requests")
local members = Shelf.new("staff")
local pools = Shelf.new("pools")

-- Begin a call: set the matching domain (its staff, requests and queues) and its rules, and read the domain's state (`World`).
local function open(domain, rules)
  DOMAIN = domain
  if rules ~= packed_rules then
    RULES, packed_rules = unpacked(rules), rules
  end
  tickets:open()
  members:open()
  pools:open()
  World.read()
end
