-- The choice of staff for a request and of a request for staff, with its reasons (matcher/selection.py). This file changes no
-- stored data. A tier says how widely a request is offered: to staff of its category, of a parent category, or of any category. A
-- tier is named `ring` in the code.
--
-- A match: ticket, member, ring, rule, candidates (a list of {id, load}, best first, at most `RULES.max_why`).

local Selection = {}

local REQUEST_CAME = "least load, then longest idle"
local BY_NAME = "asked for by name"
local STAFF_CAME = "first in line, then longest waiting, priority counted as waiting"
local FIRST_LANES = 4 -- the first read of a front (queue.lua) reads at most this many lanes; usually the member serves one of them

-- Return after how many ms of waiting a tier opens for the requests of a lane, a part of a queue. `standing`: the digits that
-- name the lane, and that contain these times (queue.lua).
local function lane_opens_after_ms(standing, ring)
  return ring == EXACT and 0 or tonumber(string.sub(standing, 8 * ring - 3, 8 * ring + 4))
end

local function ring_in(ticket, staff)
  local member = members:get(staff)
  local ring = member and call("HGET", Roster.rings_key(member.pool), ticket.queue)
  return ring and tonumber(ring)
end

-- Return how many signed-in members could serve a queue in the tiers from `EXACT` to `widest`. Stop counting at `enough`.
local function present(queue, widest, enough)
  local people = 0
  for ring = EXACT, widest do
    for _, pool in ipairs(call("ZRANGE", ring_key(queue, ring), "0", enough)) do
      people = people + call("ZCARD", key("members:" .. pool))
      if people >= enough then
        return people
      end
    end
  end
  return people
end

-- Return how many of the members in `names`, whom a ticket excludes, would serve it in tiers `EXACT` to `widest`.
local function excluded_in(ticket, names, widest)
  local people = 0
  for staff in pairs(names) do
    local ring = ring_in(ticket, staff)
    if ring and ring <= widest then
      people = people + 1
    end
  end
  return people
end

local function all_excluded(ticket)
  local names = {}
  for staff in pairs(ticket.excluded) do
    names[staff] = true
  end
  for staff in pairs(ticket.blocked) do
    names[staff] = true
  end
  return names
end

local function anybody_narrower(queue, ring)
  for narrower = EXACT, ring - 1 do
    if call("EXISTS", ring_key(queue, narrower)) == 1 then
      return true
    end
  end
  return false
end

local function is_open_by_time(ticket, ring)
  return ring == EXACT or World.now_ms - ticket.enqueued_at_ms >= opens_after_ms(ticket, ring)
end

-- Return whether the first request of a lane is now offered to the staff of this tier. `ring`: the tier (staff of the category
-- itself, of its parent category, or of any category). `rank`: the rank of the request (queue.lua).
local function is_open_for_head(ring, rank, lane)
  if ring == EXACT then
    return true
  end
  local standing = select(2, lane_parts(lane))
  local enqueued_at_ms = tonumber(string.sub(place_among(standing, rank), 1, 15))
  return World.now_ms - enqueued_at_ms >= lane_opens_after_ms(standing, ring)
end

function Selection.ring_open(ticket, ring)
  if ticket.only ~= "" or is_open_by_time(ticket, ring) or not anybody_narrower(ticket.queue, ring) then
    return true
  end
  if not excludes_some(ticket) then
    return false
  end
  local excluded = excluded_in(ticket, all_excluded(ticket), ring - 1)
  return present(ticket.queue, ring - 1, excluded + 1) <= excluded
end

-- Compare two entries byte by byte. The operator "<" would depend on the server's locale.
local function comes_before(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = string.byte(one, at), string.byte(other, at)
    if a ~= b then
      return a < b
    end
  end
  return #one < #other
end

-- Return at most `limit` idle members of one pool whom the request does not exclude, in the order of "idle:MEDIUM:POOL" and as its
-- entries.
local function idle_in(pool, ticket, limit)
  local idle = key("idle:" .. ticket.medium .. ":" .. pool)
  if not excludes_some(ticket) then
    return call("ZRANGE", idle, "0", limit - 1)
  end
  local found, from = {}, 0
  repeat
    local entries = call("ZRANGE", idle, from, from + CHUNK - 1)
    for _, entry in ipairs(entries) do
      if #found < limit and not excludes(ticket, string.sub(entry, IDLE + 1)) then
        table.insert(found, entry)
      end
    end
    from = from + CHUNK
  until #entries < CHUNK or #found >= limit
  return found
end

local function candidates_for(ticket, ring)
  local found, limit = {}, RULES.max_why
  local with_idle = call("ZINTER", 2, ring_key(ticket.queue, ring), key("idle:" .. ticket.medium))
  for _, pool in ipairs(with_idle) do
    for _, entry in ipairs(idle_in(pool, ticket, limit)) do
      table.insert(found, entry)
    end
  end
  if #with_idle > 1 then
    table.sort(found, comes_before)
  end
  local candidates = {}
  for at = 1, math.min(limit, #found) do
    candidates[at] = {id = string.sub(found[at], IDLE + 1), load = tonumber(string.sub(found[at], 1, 10))}
  end
  return candidates
end

-- Match a request with the best idle member, in the narrowest open tier (`Selection.ring_open`) that has an idle member.
function Selection.staff_for(ticket)
  if not Roster.anybody_idle(ticket.medium) then
    return nil
  end
  for ring = EXACT, ANY do
    if not Selection.ring_open(ticket, ring) then
      return nil
    end
    local candidates = candidates_for(ticket, ring)
    if #candidates > 0 then
      local member = members:get(candidates[1].id)
      return {ticket = ticket, member = member, ring = ring, rule = ticket.only ~= "" and BY_NAME or REQUEST_CAME, candidates = candidates}
    end
  end
  return nil
end

-- Return rank and id of the first request that this member may get from a lane whose requests exclude members (`is_walked`). The
-- member serves the lane in tier `ring`.
local function first_for(member, lane, ring)
  local standing = select(2, lane_parts(lane))
  local rank
  local request = Queues.walk(lane, function(id, place)
    local ticket = tickets:get(id)
    if not excludes(ticket, member.id) and Selection.ring_open(ticket, ring) then
      rank = rank_at(standing, place)
      return id
    end
  end)
  return rank, request
end

-- Find the first request that the member may serve in one front (the lanes of one role, medium and language; queue.lua). Return it if it
-- is served before `found`, the first request of the fronts before this one. Otherwise return `found`. The result is {rank, ring, lane,
-- request}. `request` is nil if the request is the first of its lane.
local function first_in_front(member, name, found)
  local front, from, many = key("front:" .. name), 0, FIRST_LANES
  repeat
    local entries = call("ZRANGE", front, from, from + many - 1)
    if #entries == 0 then
      return found
    end
    local queues = {}
    for at, entry in ipairs(entries) do
      queues[at] = string.match(entry, "^(%d+):", RANK + 1)
    end
    local rings = call("HMGET", Roster.rings_key(member.pool), unpack(queues))
    for at, entry in ipairs(entries) do
      local rank, lane, ring = string.sub(entry, 1, RANK), string.sub(entry, RANK + 1), tonumber(rings[at] or nil)
      if found and found.rank < rank then
        return found
      end
      if ring and is_walked(lane) then
        local its_rank, request = first_for(member, lane, ring)
        if its_rank and (not found or its_rank < found.rank) then
          found = {rank = its_rank, ring = ring, lane = lane, request = request}
        end
      elseif ring and (is_open_for_head(ring, rank, lane) or not anybody_narrower(queues[at], ring)) then
        found = {rank = rank, ring = ring, lane = lane}
      end
    end
    local read = many
    from, many = from + read, CHUNK
  until #entries < read
  return found
end

-- Match a member with the first request that they may serve now.
function Selection.request_for(member)
  local found
  for _, medium in ipairs(MEDIA) do
    for _, language in ipairs(is_idle_for(member, medium) and member.languages or {}) do
      found = first_in_front(member, Queues.front_of(member.role, medium, language), found)
    end
  end
  if not found then
    return nil
  end
  local ticket = tickets:get(found.request or Queues.head(found.lane))
  local rule = ticket.only ~= "" and BY_NAME or STAFF_CAME
  return {ticket = ticket, member = member, ring = found.ring, rule = rule, candidates = {{id = member.id, load = 0}}}
end

-- Among the waiting requests for which somebody is idle, match the one that comes first.
function Selection.any_match()
  if not Roster.anybody_idle() then
    return nil
  end
  local found, best
  Queues.each_lane(function(rank, lane)
    if best and best < rank then
      return
    end
    local standing = select(2, lane_parts(lane))
    local function try(request, its_rank)
      if best and best < its_rank then
        return false
      end
      local match = Selection.staff_for(tickets:get(request))
      if match then
        found, best = match, its_rank
        return true
      end
    end
    if is_walked(lane) then
      Queues.walk(lane, function(request, place)
        return try(request, rank_at(standing, place))
      end)
    else
      try(Queues.head(lane), rank)
    end
  end)
  return found
end

-- Return when (ms) a wider tier next opens for a waiting request: the request is then offered to further staff. Tiers in which
-- nobody is idle do not count. nil: no such tier opens. Call this function only after everything that can be matched now has been
-- matched.
function Selection.next_opening_ms()
  if not Roster.anybody_idle() then
    return nil
  end
  local earliest
  Queues.each_lane(function(_, lane, medium)
    local queue, standing = lane_parts(lane)
    for ring = PARENT, ANY do
      if call("ZINTERCARD", 2, ring_key(queue, ring), key("idle:" .. medium), "LIMIT", 1) > 0 then
        local after = lane_opens_after_ms(standing, ring)
        local from = "[" .. sortable(World.now_ms - after + 1)
        local item = call("ZRANGEBYLEX", lane_key(lane), from, "+", "LIMIT", 0, 1)[1]
        local at_ms = item and tonumber(string.sub(item, 1, 15)) + after
        earliest = at_ms and math.min(earliest or at_ms, at_ms) or earliest
      end
    end
  end)
  return earliest
end

-- Return whether a member is signed in who may serve the request at once or after a longer wait (in any tier).
function Selection.staffed(ticket)
  if ticket.only ~= "" then
    return not not (ring_in(ticket, ticket.only) and not ticket.excluded[ticket.only]) -- false also where `ring_in` returns nil
  end
  local excluded = excluded_in(ticket, ticket.excluded, ANY)
  return present(ticket.queue, ANY, excluded + 1) > excluded
end

-- Return the reason why a pool of the right role can never serve a ticket.
local function unlike(pool, ticket)
  if not contains(pool.languages, ticket.language) then
    return "language"
  end
  local everywhere = organisation_of(ticket.site) .. ALL
  return (contains(pool.sites, ticket.site) or contains(pool.sites, everywhere)) and "channel" or "site"
end

-- Add to `passed` the members who have the right role and organisation for the request, but can never serve its queue.
local function add_never(passed, ticket, limit)
  local all, from, organisation = key("pools:" .. SERVED_BY[ticket.kind]), 0, organisation_of(ticket.site)
  repeat
    local ids = call("ZRANGE", all, from, from + CHUNK - 1)
    for _, id in ipairs(ids) do
      local pool = pools:get(id)
      if organisation_of(pool.sites[1]) == organisation and call("HEXISTS", Roster.rings_key(id), ticket.queue) == 0 then
        local reason = unlike(pool, ticket)
        for _, staff in ipairs(call("ZRANGE", key("members:" .. id), "0", limit - #passed)) do
          if #passed >= limit then
            return
          end
          table.insert(passed, {staff, reason})
        end
      end
    end
    from = from + CHUNK
  until #ids < CHUNK
end

-- Return a list of {id, ring}: at most `limit` members who can serve the queue and are not among `candidates`. Members of the
-- narrowest tier (`ring`) come first.
local function who_serve(ticket, candidates, limit)
  local is_candidate, found = {}, {}
  for _, candidate in ipairs(candidates) do
    is_candidate[candidate.id] = true
  end
  local enough = limit + #candidates
  for ring = EXACT, ANY do
    for _, pool in ipairs(call("ZRANGE", ring_key(ticket.queue, ring), "0", enough)) do
      for _, staff in ipairs(call("ZRANGE", key("members:" .. pool), "0", enough)) do
        if #found >= limit then
          return found
        end
        if not is_candidate[staff] then
          table.insert(found, {id = staff, ring = ring})
        end
      end
    end
  end
  return found
end

-- Return at most `RULES.max_why` members who did not get the request, and why each did not. First come the candidates who were
-- not chosen, then other members who serve the queue, then other members of the same role and organisation.
local function passed_over(match)
  local ticket, candidates, limit = match.ticket, match.candidates, RULES.max_why
  local passed = {}
  for at = 2, #candidates do
    local other = candidates[at]
    table.insert(passed, {other.id, other.load > candidates[1].load and "load" or "idle"})
  end
  local others = who_serve(ticket, candidates, limit - #passed)
  if #others > 0 then
    local names = {}
    for at, other in ipairs(others) do
      names[at] = other.id
    end
    local obstacles = Roster.reasons(names, ticket.medium)
    for at, other in ipairs(others) do
      local reason = obstacles[at] or (other.ring ~= match.ring and "category") or "idle"
      table.insert(passed, {other.id, excludes(ticket, other.id) and (ticket.only ~= "" and "not_asked" or "excluded") or reason})
    end
  end
  if #passed < limit then
    add_never(passed, ticket, limit)
  end
  return passed
end

function Selection.why(match)
  local names = {}
  for at, candidate in ipairs(match.candidates) do
    names[at] = candidate.id
  end
  return {RINGS[match.ring], match.rule, names, passed_over(match)}
end
