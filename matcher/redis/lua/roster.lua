-- Signed-in members, and the idle ones among them (matcher/roster.py, matcher/pool.py). A tier is named `ring` in the code.
--
-- A member: id role languages texts calls texts_in_call pool mode lost ringing(request) live(request -> text, call, aside)
-- promised(request -> text, call: the places that are kept free; nil: none) since_ms idle_since_ms idle(entry) reported
-- reported_ready obstacles(two letters: why the member can get no text now, and why no call; see `OBSTACLES`).
-- A pool (members with the same skills, who take the same media): id role languages sites categories media.
--
-- Keys:
--   "promises"         member, signed in or not -> the places that are kept free for appointments, as packed request -> text, call
--   "pool_ids"         packed skills -> pool id
--   "pools:ROLE"       pool ids, oldest pool first
--   "members:POOL"     member ids, in the order in which they joined
--   "rings:POOL"       queue -> tier in which the pool serves it
--   "ring:QUEUE:RING"  pools that serve the queue in that tier, oldest first; each has at least one member
--   "idle:MEDIUM:POOL"  members who can get a request of this medium now: least load first (10 digits), longest idle (15 digits), id
--   "idle:MEDIUM"       set of the pools with an idle member
--   "obstacles"         member -> their two letters

local Roster = {}

local IDLE = 25 -- entries of "idle:MEDIUM:POOL" begin with this many digits (load and time); then comes the id
local LETTER_OF = {text = 1, call = 2} -- position of the medium's letter among a member's two letters of obstacles
local OBSTACLES = {a = "away", b = "busy", f = "full", i = "in_call", l = "lost", p = "promised", w = "wrap_up"} -- "-": none
local MODE_LETTER = {available = "-", away = "a", wrap_up = "w"}
local unwritten -- members whose letters of obstacles have changed in this step

-- Return how many texts and how many calls of a member take a place.
local function counts_of(member)
  local texts, calls = 0, 0
  for _, medium in pairs(member.live) do
    if medium == "text" then
      texts = texts + 1
    elseif medium == "call" then
      calls = calls + 1
    end
  end
  return texts, calls
end

local function sessions_of(member)
  local texts, calls = counts_of(member)
  return texts + calls
end

local function load_of(member)
  return sessions_of(member) + (member.ringing and 1 or 0)
end

-- Return how many of the member's places for a medium (text or call) are kept free for appointments.
local function kept_of(member, medium)
  local kept = 0
  for _, each in pairs(member.promised or {}) do
    kept = kept + (each == medium and 1 or 0)
  end
  return kept
end

local function has_room_for_call(member)
  return select(2, counts_of(member)) + kept_of(member, "call") < member.calls
end

local function state_of(member)
  if member.lost then
    return "lost"
  end
  if member.ringing then
    return "reserved"
  end
  return sessions_of(member) > 0 and "busy" or member.mode
end

-- Return why a member can get no text now and why no call, as two letters. A member with a ringing request gets no second one,
-- whatever their capacity.
local function obstacles_of(member)
  if member.lost then
    return "ll"
  end
  if member.ringing then
    return "bb"
  end
  local mode = MODE_LETTER[member.mode]
  local to_text, to_call, texts, calls = mode, mode, counts_of(member)
  if texts >= member.texts then
    to_text = member.texts > 1 and "f" or "b"
  elseif calls > 0 and not member.texts_in_call then
    to_text = "i"
  elseif to_text == "-" and texts + kept_of(member, "text") >= member.texts then
    to_text = "p"
  end
  if calls >= member.calls then
    to_call = member.calls > 1 and "f" or "b"
  elseif to_call == "-" and calls + kept_of(member, "call") >= member.calls then
    to_call = "p"
  end
  return to_text .. to_call
end

function Roster.open()
  unwritten = {}
end

function Roster.find_obstacles(member)
  local obstacles = obstacles_of(member)
  if obstacles ~= member.obstacles then
    member.obstacles = obstacles
    unwritten[member.id] = obstacles
  end
end

-- Store the obstacles (two letters for each member) that this step changed. If a step changes a member twice, the last letters count.
function Roster.write()
  for staff, obstacles in pairs(unwritten) do
    call("HSET", key("obstacles"), staff, obstacles)
  end
end

local function letter(obstacles, medium)
  return string.sub(obstacles, LETTER_OF[medium], LETTER_OF[medium])
end

local function is_idle_for(member, medium)
  return letter(member.obstacles, medium) == "-"
end

function Roster.is_idle(member)
  return is_idle_for(member, "text") or is_idle_for(member, "call")
end

-- Return for each of these members, in order, why the member can get no request of this medium now. false: the member can get one.
function Roster.reasons(names, medium)
  local found = call("HMGET", key("obstacles"), unpack(names))
  for at, staff in ipairs(names) do
    found[at] = OBSTACLES[letter(unwritten[staff] or found[at], medium)] or false
  end
  return found
end

-- Return the narrowest tier in which the members of a pool serve a queue: `EXACT` (they serve its category), `PARENT` (they serve a parent
-- category) or `ANY`. Return nil if they never serve the queue. `path`: the queue's category, then its parent categories.
local function ring_of(pool, kind, site, language, path, medium)
  if pool.role ~= SERVED_BY[kind] or not contains(pool.media, medium) or not contains(pool.languages, language) then
    return nil
  end
  if not contains(pool.sites, site) and not contains(pool.sites, organisation_of(site) .. ALL) then
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
  World.rings_changed()
end

-- Call `visit(pool, ring)` for each pool that could serve a queue of this kind and medium, oldest pool first. `ring`: the tier.
local function survey(kind, site, language, path, medium, visit)
  for _, id in ipairs(call("ZRANGE", key("pools:" .. SERVED_BY[kind]), "0", "-1")) do
    local ring = ring_of(pools:get(id), kind, site, language, path, medium)
    if ring then
      visit(id, ring)
    end
  end
end

-- Connect a new queue with the pools that can serve it.
function Roster.link(queue, kind, site, language, path, medium)
  survey(kind, site, language, path, medium, function(pool, ring)
    serve(pool, queue, ring)
  end)
end

-- Return, for each tier, the pools that would serve a queue that does not exist yet. Changes nothing.
function Roster.survey(kind, site, language, path, medium)
  local found = {[EXACT] = {}, [PARENT] = {}, [ANY] = {}}
  survey(kind, site, language, path, medium, function(pool, ring)
    table.insert(found[ring], pool)
  end)
  return found
end

function Roster.unlink(queue)
  for ring = EXACT, ANY do
    for _, pool in ipairs(call("ZRANGE", ring_key(queue, ring), "0", "-1")) do
      call("HDEL", Roster.rings_key(pool), queue)
    end
    call("DEL", ring_key(queue, ring))
  end
  World.rings_changed()
end

local function skills_of(person)
  return pack({person.role, person.languages, person.sites, person.categories, person.media})
end

local function pool_for(staff)
  local skills = skills_of(staff)
  local id = call("HGET", key("pool_ids"), skills)
  if id then
    return id
  end
  id = tostring(World.next_in_sequence())
  local pool = {id = id, role = staff.role, languages = staff.languages, sites = staff.sites, categories = staff.categories}
  pool.media = staff.media
  pools:put(pool)
  call("HSET", key("pool_ids"), skills, id)
  call("ZADD", key("pools:" .. pool.role), id, id)
  Queues.each(function(queue, kind, site, language, path, medium)
    local ring = ring_of(pool, kind, site, language, path, medium)
    if ring then
      serve(id, queue, ring)
    end
  end)
  return id
end

local function enter(member, staff)
  member.role, member.languages = staff.role, staff.languages
  member.texts, member.calls, member.texts_in_call = staff.texts, staff.calls, staff.texts_in_call
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
  World.rings_changed()
  call("DEL", Roster.rings_key(id))
  call("ZREM", key("pools:" .. pool.role), id)
  call("HDEL", key("pool_ids"), skills_of(pool))
  pools:remove(id)
end

-- Add a member. `staff` has the fields id, role, languages, sites, categories, media, texts, calls and texts_in_call. The lists
-- in these fields are sorted.
function Roster.add(staff)
  local member = {id = staff.id, mode = "away", live = {}, since_ms = World.now_ms, idle_since_ms = World.now_ms}
  local promised = call("HGET", key("promises"), staff.id)
  member.promised = promised and unpacked(promised) or nil
  enter(member, staff)
  Roster.find_obstacles(member)
  members:put(member)
  return member
end

function Roster.remove(member)
  Roster.withdraw(member)
  leave(member)
  call("HDEL", key("obstacles"), member.id)
  unwritten[member.id] = nil
  members:remove(member.id)
end

-- Set a member's skills and capacity. Return whether they have changed.
function Roster.update(member, staff)
  local same = member.texts == staff.texts and member.calls == staff.calls and member.texts_in_call == staff.texts_in_call
  if same and call("HGET", key("pool_ids"), skills_of(staff)) == member.pool then
    return false
  end
  Roster.withdraw(member)
  leave(member)
  enter(member, staff)
  return true
end

-- Remove a member from their pool's idle members, if the member is idle. Call this function before the member's obstacles (the reasons
-- why the member can get no request now) change.
function Roster.withdraw(member)
  if not member.idle then
    return
  end
  for _, medium in ipairs(MEDIA) do
    if is_idle_for(member, medium) then
      local idle = key("idle:" .. medium .. ":" .. member.pool)
      call("ZREM", idle, member.idle)
      if call("EXISTS", idle) == 0 then
        call("SREM", key("idle:" .. medium), member.pool)
      end
    end
  end
  member.idle = nil
end

-- Add a member to the idle members of their pool, which are ordered by load, then longest idle.
function Roster.offer(member)
  Roster.withdraw(member)
  local texts, calls = counts_of(member)
  member.idle = format("%010d", calls * CALL_WEIGHT + texts) .. sortable(member.idle_since_ms) .. member.id
  for _, medium in ipairs(MEDIA) do
    if is_idle_for(member, medium) then
      call("ZADD", key("idle:" .. medium .. ":" .. member.pool), "0", member.idle)
      call("SADD", key("idle:" .. medium), member.pool)
    end
  end
end

-- Return whether anybody is idle for this medium; with nil, for at least one medium.
function Roster.anybody_idle(medium)
  if medium then
    return call("EXISTS", key("idle:" .. medium)) == 1
  end
  return call("EXISTS", key("idle:text"), key("idle:call")) > 0
end
