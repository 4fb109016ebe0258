-- The moves that steps are made of (matcher/ledger.py). Each move updates every index and adds its events. `finish` then matches
-- requests that began to wait in this step, and members who became free.
--
-- Keys:
--   "reservations"  reservation -> request
--   "final"         ids of the last ended requests, in the order in which they ended
--   "orphans"       signed-out member -> the accepted requests that they still hold, as packed request -> text, call, aside

local Ledger = {}

local TIMED = {reserved = true, lost = true, wrap_up = true}
local events, waiting, freed -- lists of the present step: its events; requests that began to wait; members who became free

function Ledger.open()
  events, waiting, freed = {}, {}, {}
end

local function note(event)
  table.insert(events, event)
end

local function change(ticket, state, reason)
  ticket.state = state
  if state == "waiting" then
    ticket.until_ms = nil
  end
  tickets:put(ticket)
  note({"request", World.next_fence(), World.now_ms, ticket.id, state, reason or ""})
end

-- Return when (ms) a member's state ends by itself; false if the state has no time limit.
local function until_ms(member, state)
  if not TIMED[state] then
    return false
  end
  if state == "reserved" then
    return tickets:get(member.ringing).until_ms
  end
  return Deadlines.at_ms(state == "lost" and "lease" or "wrap_up", member.id) or false
end

-- --- finding ------------------------------------------------------------------------------------------------------------

function Ledger.member(staff)
  return members:get(staff) or refuse("unknown")
end

function Ledger.ticket(request)
  return tickets:get(request) or refuse(call("ZSCORE", key("final"), request) and "wrong_state" or "unknown")
end

-- --- staff --------------------------------------------------------------------------------------------------------------

function Ledger.renew(member)
  Deadlines.set("lease", member.id, World.now_ms + RULES.lease_ms)
end

-- Update a member's state, and their obstacles (why the member can get no request now). Add an event if the state or `ready`
-- changed, or if `reason` (why the state changes) is given. If the member is idle, `finish` later looks for a request for them.
function Ledger.settle(member, reason)
  Roster.withdraw(member)
  Roster.find_obstacles(member)
  members:put(member)
  if Roster.is_idle(member) then
    table.insert(freed, member)
  end
  local state, ready = state_of(member), member.mode == "available"
  local changed = state ~= member.reported or (reason or "") ~= ""
  if changed or ready ~= member.reported_ready then
    member.reported, member.reported_ready = state, ready
    member.since_ms = changed and World.now_ms or member.since_ms
    note({"staff", World.next_fence(), World.now_ms, member.id, state, reason or "", until_ms(member, state), ready})
  end
end

function Ledger.admit(staff)
  local member = Roster.add(staff)
  local orphans = call("HGET", key("orphans"), staff.id)
  if orphans then
    member.live = unpacked(orphans)
    call("HDEL", key("orphans"), staff.id)
  end
  Ledger.renew(member)
  Ledger.settle(member)
end

function Ledger.set_mode(member, mode, reason)
  if mode == "available" and sessions_of(member) == 0 then
    member.idle_since_ms = World.now_ms
  end
  member.mode = mode
  if mode == "wrap_up" then
    Deadlines.set("wrap_up", member.id, World.now_ms + RULES.wrap_up_ms)
  else
    Deadlines.clear("wrap_up", member.id)
  end
  Ledger.settle(member, not member.lost and reason or "")
end

-- Mark a member as disconnected (state `lost`). A ringing request goes back into its queue. Accepted requests stay with this member.
function Ledger.lose(member)
  member.lost = true
  Ledger.renew(member)
  if member.ringing then
    local ticket = tickets:get(member.ringing)
    Ledger.end_reservation(ticket, "cancelled", "lost")
    Ledger.wait(ticket, "lost")
  end
  Ledger.settle(member)
end

-- Sign a member out. Their accepted requests stay accepted until the server decides what happens to each.
function Ledger.dismiss(member, reason)
  if member.ringing then
    local ticket = tickets:get(member.ringing)
    member.mode = "away"
    Ledger.end_reservation(ticket, "cancelled", "signed_out")
    Ledger.wait(ticket, "signed_out")
  end
  if next(member.live) then
    call("HSET", key("orphans"), member.id, pack(member.live))
  end
  Roster.remove(member)
  Deadlines.clear("lease", member.id)
  Deadlines.clear("wrap_up", member.id)
  note({"staff", World.next_fence(), World.now_ms, member.id, "signed_out", reason, false, false})
end

-- --- requests -----------------------------------------------------------------------------------------------------------

local function new_queue(request)
  if call("HLEN", key("queues")) >= RULES.max_queues then
    for _, queue in ipairs(call("SMEMBERS", key("empty"))) do
      Roster.unlink(queue)
      Queues.forget(queue)
    end
  end
  local queue = Queues.add(request.kind, request.site, request.language, request.path, request.medium)
  Roster.link(queue, request.kind, request.site, request.language, request.path, request.medium)
  return queue
end

-- Return the id of a request's queue, and count the request among the open requests of this queue. Make the queue if it is new.
local function opened(request)
  local queue = Queues.id_of(request.kind, request.site, request.language, request.path, request.medium) or new_queue(request)
  Queues.opened(queue)
  return queue
end

-- Make a ticket from a request. The fields of `request`: id kind site language path medium enqueued_at_ms priority first only
-- widens_ms(two times, or false) excluded(list).
function Ledger.issue(request)
  local ticket = request
  ticket.enqueued_at_ms = math.min(request.enqueued_at_ms, World.now_ms)
  local excluded = {}
  for _, staff in ipairs(request.excluded) do
    excluded[staff] = true
  end
  ticket.excluded, ticket.blocked = excluded, {}
  ticket.queue = opened(ticket)
  ticket.arrival = World.next_in_sequence()
  ticket.state = "waiting"
  ticket.waiting_since_ms = World.now_ms
  ticket.reservation_fence = 0
  tickets:put(ticket)
  return ticket
end

-- Put a request into its queue, with its original enqueue time.
function Ledger.wait(ticket, reason)
  if ticket.state == "suspended" then
    Deadlines.clear("suspended", ticket.id)
  end
  change(ticket, "waiting", reason)
  Queues.put(ticket)
  table.insert(waiting, ticket)
end

-- Put a request back into its queue, before all others, after its counselor disconnected or never entered the room. In the
-- estimates of waiting times, the request's wait begins now. A request that named one member (`only`) is now open to all. `excluded`:
-- a member who must not get the request again.
function Ledger.wait_first(ticket, reason, excluded)
  ticket.first = true
  ticket.only = ""
  if excluded then
    ticket.excluded[excluded] = true
  end
  ticket.waiting_since_ms = World.now_ms
  ticket.aside = nil
  Ledger.wait(ticket, reason)
end

-- Keep a place for this medium free in the capacity of the member with whom the request's appointment is. `medium` nil: keep no
-- place for this request any more.
local function keep(ticket, medium)
  local staff, member = ticket.only, members:get(ticket.only)
  local promised = call("HGET", key("promises"), staff)
  promised = promised and unpacked(promised) or {}
  promised[ticket.id] = medium
  if next(promised) then
    call("HSET", key("promises"), staff, pack(promised))
  else
    call("HDEL", key("promises"), staff)
  end
  if member then
    member.promised = next(promised) and promised or nil
    Ledger.settle(member)
  end
  return member
end

-- Keep one place free for this request: a place of the member whom the request names.
function Ledger.promise(ticket)
  change(ticket, "promised")
  keep(ticket, ticket.medium)
end

-- Put a promised request into its queue, ahead of all others, and stop keeping a place free for it. If the member whom the
-- request names is idle, matching offers the request to this member.
function Ledger.redeem(ticket)
  local member = keep(ticket, nil)
  ticket.first = true
  ticket.waiting_since_ms = World.now_ms
  if member and Roster.is_idle(member) then
    Roster.offer(member)
  end
  Ledger.wait(ticket)
end

function Ledger.suspend(ticket)
  Queues.take(ticket)
  ticket.until_ms = World.now_ms + RULES.suspended_ms
  Deadlines.start("suspended", ticket.id, ticket.until_ms)
  change(ticket, "suspended")
end

function Ledger.finalize(ticket, state, reason)
  if ticket.state == "promised" then
    keep(ticket, nil)
  end
  Queues.take(ticket)
  if ticket.state == "suspended" then
    Deadlines.clear("suspended", ticket.id)
  end
  for staff in pairs(ticket.blocked) do
    Deadlines.clear("excluded", Deadlines.pair(ticket.id, staff))
  end
  Queues.closed(ticket.queue)
  call("ZADD", key("final"), "NX", World.next_in_sequence(), ticket.id)
  if call("ZCARD", key("final")) > RULES.max_final then
    call("ZPOPMIN", key("final"))
  end
  change(ticket, state, reason)
  tickets:remove(ticket.id)
end

-- Exclude a member from a request for `RULES.excluded_ms`. Call this function before the request goes back into its queue.
function Ledger.block(ticket, staff)
  ticket.blocked[staff] = true
  Deadlines.set("excluded", Deadlines.pair(ticket.id, staff), World.now_ms + RULES.excluded_ms)
  tickets:put(ticket)
end

function Ledger.unblock(ticket, staff)
  ticket.blocked[staff] = nil
  tickets:put(ticket)
  if ticket.lane then
    Queues.take(ticket)
    Queues.put(ticket)
  end
end

-- --- reservations and what is held ----------------------------------------------------------------------------------------

-- End the reservation of a ticket, if the ticket has one. After this call, the ticket is in no queue and nobody holds it.
function Ledger.end_reservation(ticket, state, reason, member_reason)
  local reservation, staff = ticket.reservation, ticket.staff
  if not reservation then
    return
  end
  call("HDEL", key("reservations"), reservation)
  ticket.reservation, ticket.staff, ticket.until_ms = nil, nil, nil
  tickets:put(ticket)
  Deadlines.clear("reservation", ticket.id)
  note({"rang", World.next_fence(), World.now_ms, reservation, ticket.id, staff, state, reason})
  local member = members:get(staff)
  member.ringing = nil
  if state ~= "accepted" then
    Ledger.settle(member, member_reason)
  end
end

function Ledger.accept(ticket)
  local member = members:get(ticket.staff)
  Ledger.end_reservation(ticket, "accepted", "")
  Queues.picked_up(ticket)
  change(ticket, "accepted")
  Ledger.hold(ticket, member)
  Deadlines.start("entered", ticket.id, World.now_ms + RULES.enter_ms)
end

-- Return how an accepted request counts towards its holder's capacity: as text, as call, or "aside" (not at all).
local function held_as(ticket)
  return ticket.aside and "aside" or ticket.medium
end

function Ledger.hold(ticket, member)
  ticket.staff = member.id
  tickets:put(ticket)
  member.live[ticket.id] = held_as(ticket)
  Ledger.settle(member)
end

-- Call `change_held` with the map of accepted requests that a signed-out member still holds. The function may change the map.
-- Then store the map.
local function change_orphans(staff, change_held)
  local held = unpacked(call("HGET", key("orphans"), staff))
  change_held(held)
  if next(held) then
    call("HSET", key("orphans"), staff, pack(held))
  else
    call("HDEL", key("orphans"), staff)
  end
end

-- Take an accepted request from its holder. `wrap_up`: put the holder into wrap-up, if no other request takes one of their places or
-- rings at them. A request that was set aside, because its user had left, leads to no wrap-up.
function Ledger.let_go(ticket, wrap_up, reason)
  local staff = ticket.staff
  ticket.staff = nil
  tickets:put(ticket)
  Deadlines.clear("entered", ticket.id)
  local member = members:get(staff)
  if not member then
    change_orphans(staff, function(held) held[ticket.id] = nil end)
    return
  end
  member.live[ticket.id] = nil
  if ticket.aside then
    Ledger.settle(member)
    return
  end
  member.idle_since_ms = World.now_ms
  if wrap_up and load_of(member) == 0 then
    Ledger.set_mode(member, "wrap_up", reason)
  else
    Ledger.settle(member)
  end
end

-- Add a member who has accepted a restored request, but has not signed in yet. Until the member signs in, the member has the state
-- `lost` (disconnected) and no skills.
local function absent(staff, kind)
  local nobody = {id = staff, role = SERVED_BY[kind], languages = {}, sites = {}, categories = {}, media = MEDIA}
  nobody.texts, nobody.calls, nobody.texts_in_call = 3, 1, true
  local member = Roster.add(nobody)
  member.lost = true
  Ledger.renew(member)
  return member
end

-- Update how an accepted request counts towards its holder's capacity, after its medium or `aside` has changed.
local function recount(ticket)
  local member = members:get(ticket.staff)
  if member then
    member.live[ticket.id] = held_as(ticket)
    Ledger.settle(member)
  else
    change_orphans(ticket.staff, function(held) held[ticket.id] = held_as(ticket) end)
  end
end

-- Move an open request to the queue of this medium, with its original enqueue time. If the request becomes a call while it rings
-- at a member whose capacity for calls is used up, its reservation ends. Only accepted requests become texts.
function Ledger.become(ticket, medium)
  Queues.take(ticket)
  Queues.closed(ticket.queue)
  ticket.medium = medium
  ticket.queue = opened(ticket)
  tickets:put(ticket)
  local member = ticket.staff and members:get(ticket.staff)
  if ticket.state == "waiting" then
    Queues.put(ticket)
    table.insert(waiting, ticket)
  elseif ticket.state == "reserved" and not has_room_for_call(member) then
    Ledger.end_reservation(ticket, "cancelled", "channel")
    Ledger.wait(ticket, "channel")
  elseif ticket.state == "accepted" then
    recount(ticket)
  elseif ticket.state == "promised" then
    keep(ticket, medium)
  end
end

-- Free the place that an accepted request takes (`aside`: true), or let the request take a place again (nil).
function Ledger.set_aside(ticket, aside)
  ticket.aside = aside
  tickets:put(ticket)
  local member = members:get(ticket.staff)
  if member and aside then
    member.idle_since_ms = World.now_ms
  end
  recount(ticket)
end

-- Load a request that was open before a restart. `status` has these fields: request, state, staff (false: nobody), aside.
function Ledger.bring_back(status)
  local ticket = Ledger.issue(status.request)
  if status.state == "accepted" and status.staff then
    ticket.aside = status.aside or nil
    Ledger.hold(ticket, members:get(status.staff) or absent(status.staff, ticket.kind))
    change(ticket, "accepted", "restored")
  elseif status.state == "promised" and ticket.only ~= "" then
    Ledger.promise(ticket)
  elseif status.state == "suspended" then
    Ledger.suspend(ticket)
  else
    Ledger.wait(ticket, "restored")
  end
end

-- --- matching -------------------------------------------------------------------------------------------------------------

local function reserve(match)
  local ticket, member = match.ticket, match.member
  local why = Selection.why(match)
  Queues.take(ticket)
  local fence = World.next_fence()
  ticket.reservation, ticket.reservation_fence = format("r%.0f", fence), fence
  ticket.staff, ticket.until_ms = member.id, World.now_ms + RULES.ring_ms
  member.ringing = ticket.id
  call("HSET", key("reservations"), ticket.reservation, ticket.id)
  Deadlines.start("reservation", ticket.id, ticket.until_ms)
  note({"reserved", fence, World.now_ms, ticket.reservation, ticket.id, member.id, ticket.until_ms, why})
  change(ticket, "reserved")
  Ledger.settle(member)
end

local function match_everybody()
  for _, member in ipairs(freed) do
    if Roster.is_idle(member) then
      Roster.offer(member)
    end
  end
  if World.now_ms < World.holds_until_ms then
    return
  end
  if World.holds_until_ms > 0 then
    World.end_hold()
  end
  local match = Selection.any_match()
  while match do
    reserve(match)
    match = Selection.any_match()
  end
end

local function match_those_concerned()
  for _, ticket in ipairs(waiting) do
    local match = ticket.lane and Selection.staff_for(ticket)
    if match then
      reserve(match)
    end
  end
  for _, member in ipairs(freed) do
    if Roster.is_idle(member) then
      local match = Selection.request_for(member)
      if match then
        reserve(match)
      else
        Roster.offer(member)
      end
    end
  end
end

-- Make the matches that this step made possible. Before the step nothing was left to match. So it is enough to look at requests
-- that began to wait and at members who became free. `everybody`: look at all requests and members. This is needed after time has
-- passed, or staff came or went. A request may then be offered to more staff (a tier has opened).
function Ledger.finish(everybody)
  if everybody or World.holds_until_ms > 0 then
    match_everybody()
  else
    match_those_concerned()
  end
end

function Ledger.events()
  return events
end
