-- The reads, which change nothing, and the step `renew`. A read returns a missing value as false.

local Reading = {}

-- Renew the presence leases of these members. This step never causes events.
function Steps.renew(names)
  for _, staff in ipairs(names) do
    local member = members:get(staff)
    if member and not member.lost then
      Ledger.renew(member)
    end
  end
  return nil
end

-- Which queues share specialists: queue -> other queue -> true or false. Later calls use what earlier calls have found, until the
-- pools of a queue change. Without this, computing the queue place of one request among 40 queues took 0.7 ms, and computing the
-- places of ten thousand users who reconnect took 7 s.
local MOST_PAIRS = 100000 -- after this many pairs of queues, which take about 5 MB, all results are forgotten
local sharing, pairs_known, known_for = {}, 0, ""

-- Forget these results if the pools that serve queues have changed (`World.rings`), if this call is for another domain than the
-- last call, or if the results of `MOST_PAIRS` pairs are known.
local function open_sharing()
  local rings = World.rings ~= "" and DOMAIN .. World.rings or ""
  if rings ~= known_for or rings == "" or pairs_known >= MOST_PAIRS then
    sharing, pairs_known, known_for = {}, 0, rings
  end
end

local function have_common_pool(queue, other)
  for one = EXACT, PARENT do
    for another = EXACT, PARENT do
      if call("ZINTERCARD", 2, ring_key(queue, one), ring_key(other, another), "LIMIT", 1) > 0 then
        return true
      end
    end
  end
  return false
end

local function shares_specialists(queue, other)
  local row = sharing[queue] or {}
  sharing[queue] = row
  if row[other] == nil then
    row[other] = have_common_pool(queue, other)
    pairs_known = pairs_known + 1
  end
  return row[other]
end

-- Return whether a pool serves a queue in the exact tier or in the tier of a parent category.
local function is_specialist_in(pool, queue)
  local ring = call("HGET", Roster.rings_key(pool), queue)
  return ring and tonumber(ring) <= PARENT
end

-- Return whether the members of one of these pools are specialists (`is_specialist_in`) in the queue `other`.
local function is_served_by(specialists, other)
  for _, pool in ipairs(specialists) do
    if is_specialist_in(pool, other) then
      return true
    end
  end
  return false
end

local function ahead_of(kind, medium, queue, rank, shares)
  open_sharing()
  local ahead = 0
  for other in pairs(Queues.waiting(SERVED_BY[kind], medium)) do
    if other == queue or shares(other) then
      ahead = ahead + Queues.ahead_in(other, rank)
    end
  end
  return ahead
end

-- Return how many places of a queue's specialists are kept free for appointments. Specialists serve the queue in the exact tier or
-- in that of a parent category. `is_specialist(pool)`: whether the members of a pool are specialists of the queue.
local function kept_from(medium, is_specialist)
  local kept, promises = 0, call("HKEYS", key("promises"))
  for _, staff in ipairs(promises) do
    local member = members:get(staff)
    if member and is_specialist(member.pool) then
      kept = kept + kept_of(member, medium)
    end
  end
  return kept
end

-- Return the list from which Python computes the `Place` of a request:
--   ahead         how many requests are served before this one, in its own queue and in queues that share specialists with it
--   own           how many of these are in its own queue
--   kept          how many units of the specialists' capacity are kept free for appointments
--   head since    since when the first request of the queue waits; false if there is no queue
--   pickups       the last requests of the queue that were accepted: when, and since when they had waited (ms)
--   staffed       whether somebody who could serve the request is signed in
local function standing(queue, ahead, own, kept, staffed)
  local pickups = queue and call("LRANGE", key("pickups:" .. queue), 0, -1) or {}
  return {ahead, own, kept, queue and Queues.head_since_ms(queue) or false, pickups, staffed}
end

function Reading.place(request)
  local ticket = tickets:get(request)
  if not ticket or ticket.state == "promised" or ticket.state == "accepted" then
    return false
  end
  local queue, ahead, own, kept = ticket.queue, 0, 0, 0
  if ticket.state ~= "reserved" then
    kept = kept_from(ticket.medium, function(pool) return is_specialist_in(pool, queue) end)
    local rank = rank_of(ticket)
    ahead = ahead_of(ticket.kind, ticket.medium, queue, rank, function(other) return shares_specialists(queue, other) end)
    own = Queues.ahead_in(queue, rank)
  end
  return standing(queue, ahead, own, kept, Selection.staffed(ticket))
end

function Reading.estimate(kind, site, language, path, priority, medium)
  local last = rank_of({priority = priority, enqueued_at_ms = World.now_ms, arrival = World.sequence + 1})
  local queue = Queues.id_of(kind, site, language, path, medium)
  if queue then
    local ahead = ahead_of(kind, medium, queue, last, function(other) return shares_specialists(queue, other) end)
    local kept = kept_from(medium, function(pool) return is_specialist_in(pool, queue) end)
    return standing(queue, ahead, Queues.ahead_in(queue, last), kept, present(queue, ANY, 1) > 0)
  end
  local rings = Roster.survey(kind, site, language, path, medium)
  local specialists = rings[EXACT]
  for _, pool in ipairs(rings[PARENT]) do
    table.insert(specialists, pool)
  end
  local staffed = #specialists + #rings[ANY] > 0
  local ahead = ahead_of(kind, medium, nil, last, function(other) return is_served_by(specialists, other) end)
  local kept = kept_from(medium, function(pool) return contains(specialists, pool) end)
  return standing(nil, ahead, 0, kept, staffed)
end

function Reading.next_deadline_ms()
  local due, opening = Deadlines.next_ms(), Selection.next_opening_ms()
  local earliest = due and opening and math.min(due, opening) or due or opening or false
  if World.holds_until_ms > 0 then
    return math.min(earliest or World.holds_until_ms, World.holds_until_ms)
  end
  return earliest
end

function Reading.request_status(request)
  return tickets:get(request) or false
end

local function staff_status(member)
  local texts, calls = counts_of(member)
  return {member.id, state_of(member), load_of(member), member.since_ms, member.role, texts, calls, member.mode == "available"}
end

function Reading.staff_status(staff)
  local member = members:get(staff)
  return member and staff_status(member) or false
end

function Reading.snapshot()
  local requests, staff = {}, {}
  for at, bytes in ipairs(call("HVALS", key("requests"))) do
    requests[at] = unpacked(bytes)
  end
  for at, bytes in ipairs(call("HVALS", key("staff"))) do
    staff[at] = staff_status(unpacked(bytes))
  end
  return {World.fence, requests, staff}
end
