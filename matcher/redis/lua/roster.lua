-- Signed-in members, and the idle ones among them (matcher/roster.py, matcher/pool.py). A tier is named `ring` in the code.
--
-- A member: id role languages sites categories capacity pool mode lost ringing(request) live(set) since_ms idle_since_ms
-- idle(entry) reported obstacle. A pool (members with the same skills): id role languages sites categories.
--
-- Keys:
--   "pool_ids"         packed skills -> pool id
--   "pools:ROLE"       pool ids, oldest pool first
--   "members:POOL"     member ids, in the order in which they joined
--   "rings:POOL"       queue -> tier in which the pool serves it
--   "ring:QUEUE:RING"  pools that serve the queue in that tier, oldest first; each has at least one member
--   "idle:POOL"        idle members, least load first (10 digits), then longest idle (15 digits), then id
--   "idle"             set of the pools with an idle member
--   "obstacles"        member -> why they can get no request now; idle members are not in it

local Roster = {}

local IDLE = 25 -- digits of load and time before the id in an entry of "idle:POOL"

local function load_of(member)
  return count(member.live) + (member.ringing and 1 or 0)
end

local function state_of(member)
  if member.lost then
    return "lost"
  end
  if member.ringing then
    return "reserved"
  end
  return next(member.live) and "busy" or member.mode
end

local function obstacle_of(member)
  if member.lost then
    return "lost"
  end
  if member.ringing or count(member.live) >= member.capacity then
    return member.capacity > 1 and "full" or "busy"
  end
  return member.mode ~= "available" and member.mode or nil
end

-- Set `obstacle`. A member with a ringing request gets no second one, whatever their capacity.
function Roster.find_obstacle(member)
  local obstacle = obstacle_of(member)
  if obstacle == member.obstacle then
    return
  end
  member.obstacle = obstacle
  if obstacle then
    call("HSET", key("obstacles"), member.id, obstacle)
  else
    call("HDEL", key("obstacles"), member.id)
  end
end

-- Return the narrowest tier in which a pool serves the queue of this kind, site, language and path. nil: never.
local function ring_of(pool, kind, site, language, path)
  if pool.role ~= SERVED_BY[kind] or not contains(pool.languages, language) then
    return nil
  end
  if not contains(pool.sites, site) and not contains(pool.sites, ALL) then
    return nil
  end
  if #path == 0 or contains(pool.categories, ALL) or contains(pool.categories, path[1]) then
    return EXACT
  end
  for _, category in ipairs(path) do
    if contains(pool.categories, category) then
      return PARENT
    end
  end
  return ANY
end

local function ring_key(queue, ring)
  return key("ring:" .. queue .. ":" .. ring)
end

function Roster.rings_key(pool)
  return key("rings:" .. pool)
end

local function serve(pool, queue, ring)
  call("HSET", Roster.rings_key(pool), queue, ring)
  call("ZADD", ring_key(queue, ring), pool, pool)
end

-- Call `visit(pool, ring)` for each pool that could serve such a queue, oldest pool first.
local function survey(kind, site, language, path, visit)
  for _, id in ipairs(call("ZRANGE", key("pools:" .. SERVED_BY[kind]), 0, -1)) do
    local ring = ring_of(pools:get(id), kind, site, language, path)
    if ring then
      visit(id, ring)
    end
  end
end

-- Connect a new queue with the pools that can serve it.
function Roster.link(queue, kind, site, language, path)
  survey(kind, site, language, path, function(pool, ring)
    serve(pool, queue, ring)
  end)
end

-- Return the pools that could serve a queue that does not exist, by tier. Changes nothing.
function Roster.survey(kind, site, language, path)
  local found = {[EXACT] = {}, [PARENT] = {}, [ANY] = {}}
  survey(kind, site, language, path, function(pool, ring)
    table.insert(found[ring], pool)
  end)
  return found
end

function Roster.unlink(queue)
  for ring = EXACT, ANY do
    for _, pool in ipairs(call("ZRANGE", ring_key(queue, ring), 0, -1)) do
      call("HDEL", Roster.rings_key(pool), queue)
    end
    call("DEL", ring_key(queue, ring))
  end
end

local function skills_of(person)
  return pack({person.role, person.languages, person.sites, person.categories})
end

local function pool_for(staff)
  local skills = skills_of(staff)
  local id = call("HGET", key("pool_ids"), skills)
  if id then
    return id
  end
  id = tostring(World.next_in_sequence())
  local pool = {id = id, role = staff.role, languages = staff.languages, sites = staff.sites, categories = staff.categories}
  pools:put(pool)
  call("HSET", key("pool_ids"), skills, id)
  call("ZADD", key("pools:" .. pool.role), id, id)
  Queues.each(function(queue, kind, site, language, path)
    local ring = ring_of(pool, kind, site, language, path)
    if ring then
      serve(id, queue, ring)
    end
  end)
  return id
end

local function enter(member, staff)
  member.languages, member.sites, member.categories = staff.languages, staff.sites, staff.categories
  member.role, member.capacity = staff.role, staff.capacity
  member.pool = pool_for(staff)
  call("ZADD", key("members:" .. member.pool), World.next_in_sequence(), member.id)
end

local function leave(member)
  local id = member.pool
  call("ZREM", key("members:" .. id), member.id)
  if call("EXISTS", key("members:" .. id)) == 1 then
    return
  end
  local pool, rings = pools:get(id), call("HGETALL", Roster.rings_key(id))
  for at = 1, #rings, 2 do
    call("ZREM", ring_key(rings[at], rings[at + 1]), id)
  end
  call("DEL", Roster.rings_key(id))
  call("ZREM", key("pools:" .. pool.role), id)
  call("HDEL", key("pool_ids"), skills_of(pool))
  pools:remove(id)
end

-- Add a member. `staff`: id role languages sites categories capacity; the lists are sorted.
function Roster.add(staff)
  local member = {id = staff.id, mode = "away", live = {}, since_ms = World.now_ms, idle_since_ms = World.now_ms}
  enter(member, staff)
  Roster.find_obstacle(member)
  members:put(member)
  return member
end

function Roster.remove(member)
  Roster.withdraw(member)
  leave(member)
  call("HDEL", key("obstacles"), member.id)
  members:remove(member.id)
end

-- Set a member's skills and capacity. Return whether anything differs.
function Roster.update(member, staff)
  if skills_of(member) == skills_of(staff) and member.capacity == staff.capacity then
    return false
  end
  Roster.withdraw(member)
  leave(member)
  enter(member, staff)
  return true
end

-- Remove a member from the idle, if they are among them.
function Roster.withdraw(member)
  if not member.idle then
    return
  end
  call("ZREM", key("idle:" .. member.pool), member.idle)
  if call("EXISTS", key("idle:" .. member.pool)) == 0 then
    call("SREM", key("idle"), member.pool)
  end
  member.idle = nil
end

-- Put a member among the idle of their pool, ordered by load, then longest idle.
function Roster.offer(member)
  Roster.withdraw(member)
  member.idle = format("%010d", load_of(member)) .. sortable(member.idle_since_ms) .. member.id
  call("ZADD", key("idle:" .. member.pool), 0, member.idle)
  call("SADD", key("idle"), member.pool)
end

function Roster.anybody_idle()
  return call("EXISTS", key("idle")) == 1
end
