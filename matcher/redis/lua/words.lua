-- Keys, numbers that sort, and the state that every step reads first and writes last. Times are milliseconds.
--
-- All files are one library of Redis Functions (matcher/redis/script.py): what stands at the top of a file is made once, at the first
-- call, and outlives it. So everything that belongs to a call is set anew by `open` here and by `Ledger.open`.
--
-- Orders are sorted sets in which every score is 0 and the member's own bytes are the order: numbers of a fixed width, then an id.
-- (A score is a double: it cannot hold priority, time and arrival at once.)

local call, pack, unpacked, format = redis.call, cmsgpack.pack, cmsgpack.unpack, string.format

local DOMAIN -- the hash tag of the matching domain, "{sangdam:NAME}"; every key begins with it: one slot of a cluster holds them all
local RULES, packed_rules

local EXACT, PARENT, ANY = 0, 1, 2
local RINGS = {[0] = "exact", [1] = "parent", [2] = "any"}
local ALL = "*"
local SERVED_BY = {user = "counselor", callback = "counselor", help = "professional"}
local CHUNK = 64 -- entries of a long list read at once

local function key(name)
  return DOMAIN .. name
end

-- 15 digits: milliseconds until the year 33658, or a sequence number.
local function sortable(number)
  return format("%015d", number)
end

local function first(order)
  return call("ZRANGE", order, 0, 0)[1]
end

-- Ends the step with an answer of the state tables. Only before the first change: what is refused has changed nothing.
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

local function count(set)
  local size = 0
  for _ in pairs(set) do
    size = size + 1
  end
  return size
end

-- The domain as a whole. `era`: the step with which it began, so that its callers see when Redis came back empty; `born_ms`: when that
-- was. `holds_until_ms`: nobody is matched before (matcher/engine.py); 0: no matter. `sequence` numbers arrivals, queues, pools, those who join a pool, and deadlines: who came before whom.
local World = {}

local FENCE_LEAP = 60000000 -- µs

function World.read()
  local found = call("HMGET", key("world"), "fence", "now_ms", "sequence", "holds_until_ms", "born_ms", "era")
  World.fence = tonumber(found[1] or 0)
  World.now_ms = tonumber(found[2] or 0)
  World.sequence = tonumber(found[3] or 0)
  World.holds_until_ms = tonumber(found[4] or 0)
  World.born_ms = tonumber(found[5] or 0)
  World.era = found[6] or ""
end

-- The clock never runs backwards; fences go on above the last one that the caller has seen, also when Redis came back empty.
-- `era`: the one that the caller knows; "": none yet. `step`: a name for this one.
function World.begin(now_ms, fence, era, step)
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
  call("HSET", key("world"), "era", World.era, "born_ms", World.born_ms, "holds_until_ms", World.holds_until_ms)
end

function World.write()
  call("HSET", key("world"), "fence", World.fence, "now_ms", World.now_ms, "sequence", World.sequence)
end

function World.end_hold()
  World.holds_until_ms = 0
  call("HSET", key("world"), "holds_until_ms", 0)
end

function World.next_in_sequence()
  World.sequence = World.sequence + 1
  return World.sequence
end

-- Grows with every event, also when the clock stood still.
function World.next_fence()
  World.fence = math.max(World.fence + 1, World.now_ms * 1000)
  return World.fence
end

-- One hash of packed objects, by id. A step works on its own copies; those it changed are written at its end.
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

-- Every call begins with it.
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
