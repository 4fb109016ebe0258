-- Who is signed in, and who of them is idle for which queue (matcher/roster.py, matcher/pool.py).
--
-- A member: id role languages sites categories capacity pool mode lost ringing(request) live(set) since_ms idle_since_ms
-- idle(entry) reported obstacle. A pool (people with the same skills): id role languages sites categories.
--
-- "pool_ids": packed skills -> id. "pools:ROLE": ids in the order in which they came. "members:POOL": ids in the order in which
-- they joined. "rings:POOL": queue -> ring. "ring:QUEUE:RING": the pools that serve a queue there, as they came; each has members.
-- "idle:POOL": least load (10 digits), longest idle (15), member. "idle": the pools with somebody idle.
-- "obstacles": member -> why nothing may be given to them now; nobody who is free.

local Roster = {}

local IDLE = 25 -- length of load and time

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

-- At most one request rings at a member at a time, whatever the capacity.
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

-- The narrowest ring in which a pool serves a queue, given as kind, site, language, path; nil: never.
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

-- Calls `visit(pool, ring)` for those who could serve such a queue, in the order in which they came.
local function survey(kind, site, language, path, visit)
  for _, id in ipairs(call("ZRANGE", key("pools:" .. SERVED_BY[kind]), 0, -1)) do
    local ring = ring_of(pools:get(id), kind, site, language, path)
    if ring then
      visit(id, ring)
    end
  end
end

-- A new queue learns who can serve it, and they of it.
function Roster.link(queue, kind, site, language, path)
  survey(kind, site, language, path, function(pool, ring)
    serve(pool, queue, ring)
  end)
end

-- The pools that could serve a queue that does not exist, by ring; nobody learns of it.
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

-- `staff`: id role languages sites categories capacity, the lists in order.
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

-- New skills; true when anything differs.
function Roster.update(member, staff)
  if skills_of(member) == skills_of(staff) and member.capacity == staff.capacity then
    return false
  end
  Roster.withdraw(member)
  leave(member)
  enter(member, staff)
  return true
end

-- Out of the idle, if they were there.
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

-- Among the idle, by load, then longest idle.
function Roster.offer(member)
  Roster.withdraw(member)
  member.idle = format("%010d", load_of(member)) .. sortable(member.idle_since_ms) .. member.id
  call("ZADD", key("idle:" .. member.pool), 0, member.idle)
  call("SADD", key("idle"), member.pool)
end

function Roster.anybody_idle()
  return call("EXISTS", key("idle")) == 1
end
