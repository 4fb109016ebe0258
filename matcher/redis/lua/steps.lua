-- The steps (matcher/engine.py), and in which states of a request or member each step is allowed (matcher/states.py). A step
-- changes the stored data, and returns whether `Ledger.finish` must then look at all requests and members.

local REQUEST_STEPS = {
  redeem = {promised = true},
  suspend = {waiting = true, reserved = true},
  resume = {suspended = true},
  cancel = {promised = true, waiting = true, suspended = true, reserved = true},
  unserved = {waiting = true},
  becomes_text = {accepted = true},
  set_aside = {accepted = true},
  take_back = {accepted = true},
  entered = {accepted = true},
  requeue = {accepted = true},
  complete = {accepted = true},
  release = {accepted = true},
  transfer_owner = {accepted = true},
}

local STAFF_STEPS = {
  set_available = {away = true, available = true, wrap_up = true, busy = true},
  set_away = {away = true, available = true, wrap_up = true, busy = true},
  wrapped_up = {wrap_up = true},
}

local function ticket_for(step, request)
  local ticket = Ledger.ticket(request)
  if not REQUEST_STEPS[step][ticket.state] then
    refuse("wrong_state")
  end
  return ticket
end

local function member_for(step, staff)
  local member = Ledger.member(staff)
  if not STAFF_STEPS[step][state_of(member)] then
    refuse("wrong_state")
  end
  return member
end

local function pending(reservation, fence)
  local request = call("HGET", key("reservations"), reservation)
  local ticket = request and tickets:get(request)
  if not ticket or ticket.until_ms <= World.now_ms then
    refuse("not_pending")
  end
  if fence and fence < ticket.reservation_fence then
    refuse("stale_fence")
  end
  return ticket
end

local Steps = {}

-- --- staff --------------------------------------------------------------------------------------------------------------

function Steps.sign_in(staff)
  local member = members:get(staff.id)
  if not member then
    Ledger.admit(staff)
    return false
  end
  local changed = Roster.update(member, staff)
  member.lost = nil
  Ledger.renew(member)
  Ledger.settle(member)
  return changed
end

function Steps.disconnect(staff)
  local member = Ledger.member(staff)
  if not member.lost then
    Ledger.lose(member)
  end
end

local function switch(step, mode)
  return function(staff)
    local member = member_for(step, staff)
    if member.mode ~= mode then
      Ledger.set_mode(member, mode)
    end
  end
end

Steps.set_available = switch("set_available", "available")
Steps.set_away = switch("set_away", "away")

function Steps.wrapped_up(staff, available)
  Ledger.set_mode(member_for("wrapped_up", staff), available and "available" or "away")
end

function Steps.sign_out(staff, force)
  local member = Ledger.member(staff)
  if next(member.live) and not force then
    refuse("busy")
  end
  Ledger.dismiss(member, force and "forced" or "")
  return true
end

-- --- requests -----------------------------------------------------------------------------------------------------------

local function check_new(request)
  if tickets:get(request.id) or call("ZSCORE", key("final"), request.id) then
    refuse("duplicate")
  end
  if call("HLEN", key("requests")) >= RULES.max_requests then
    refuse("full")
  end
end

function Steps.enqueue(request)
  check_new(request)
  Ledger.wait(Ledger.issue(request))
end

function Steps.promise(request)
  check_new(request)
  Ledger.promise(Ledger.issue(request))
end

function Steps.redeem(request)
  Ledger.redeem(ticket_for("redeem", request))
end

function Steps.cancel(request, reason)
  local ticket = ticket_for("cancel", request)
  Ledger.end_reservation(ticket, "cancelled", reason)
  Ledger.finalize(ticket, "cancelled", reason)
end

function Steps.unserved(request, reason)
  Ledger.finalize(ticket_for("unserved", request), "unserved", reason)
end

function Steps.suspend(request)
  local ticket = ticket_for("suspend", request)
  Ledger.end_reservation(ticket, "cancelled", "suspended")
  Ledger.suspend(ticket)
end

function Steps.resume(request)
  Ledger.wait(ticket_for("resume", request), "resumed")
end

-- --- reservations -------------------------------------------------------------------------------------------------------

function Steps.accept(reservation, fence)
  Ledger.accept(pending(reservation, fence))
end

function Steps.decline(reservation, reason, fence)
  local ticket = pending(reservation, fence)
  local staff = ticket.staff
  Ledger.end_reservation(ticket, "declined", reason)
  Ledger.block(ticket, staff)
  Ledger.wait(ticket, "declined")
end

-- --- accepted requests --------------------------------------------------------------------------------------------------

function Steps.becomes_call(request)
  local ticket = Ledger.ticket(request)
  if ticket.medium ~= "call" then
    Ledger.become(ticket, "call")
  end
end

function Steps.becomes_text(request)
  local ticket = ticket_for("becomes_text", request)
  if ticket.medium ~= "text" then
    Ledger.become(ticket, "text")
  end
end

local function switch_aside(step, aside)
  return function(request)
    local ticket = ticket_for(step, request)
    if ticket.aside ~= aside then
      Ledger.set_aside(ticket, aside)
    end
  end
end

Steps.set_aside = switch_aside("set_aside", true)
Steps.take_back = switch_aside("take_back", nil)

function Steps.entered(request)
  Deadlines.clear("entered", ticket_for("entered", request).id)
end

function Steps.requeue(request)
  local ticket = ticket_for("requeue", request)
  local owner = ticket.staff
  Ledger.let_go(ticket, true)
  Ledger.wait_first(ticket, "owner_lost", owner)
end

local function over(step, wrap_up, reason)
  return function(request)
    local ticket = ticket_for(step, request)
    Ledger.let_go(ticket, wrap_up)
    Ledger.finalize(ticket, "completed", reason)
  end
end

Steps.complete = over("complete", true, "")
Steps.release = over("release", false, "released")

function Steps.transfer_owner(request, staff)
  local ticket = ticket_for("transfer_owner", request)
  local successor = Ledger.member(staff)
  if ticket.staff == staff then
    return
  end
  if successor.lost then
    refuse("wrong_state")
  end
  Ledger.let_go(ticket, true)
  Ledger.hold(ticket, successor)
end

-- --- time ---------------------------------------------------------------------------------------------------------------

local DUE = {}

function DUE.reservation(request)
  local ticket = tickets:get(request)
  local member = members:get(ticket.staff)
  member.mode = "away"
  Ledger.end_reservation(ticket, "expired", "missed", "missed")
  Ledger.block(ticket, member.id)
  Ledger.wait(ticket, "expired")
end

function DUE.entered(request)
  local ticket = tickets:get(request)
  local staff = ticket.staff
  Ledger.let_go(ticket, true, "never_entered")
  Ledger.block(ticket, staff)
  Ledger.wait_first(ticket, "never_entered")
end

function DUE.suspended(request)
  Ledger.finalize(tickets:get(request), "cancelled", "lost")
end

function DUE.excluded(name)
  local request, staff = Deadlines.pair_of(name)
  local ticket = tickets:get(request)
  if ticket then
    Ledger.unblock(ticket, staff)
  end
end

function DUE.wrap_up(staff)
  Ledger.set_mode(members:get(staff), "away", "wrap_up")
end

function DUE.lease(staff)
  local member = members:get(staff)
  if not member.lost then
    Ledger.lose(member)
  end
  Ledger.dismiss(member, "lease")
end

function Steps.sweep()
  local kind, name = Deadlines.take(World.now_ms)
  while kind do
    DUE[kind](name)
    kind, name = Deadlines.take(World.now_ms)
  end
  return true
end

function Steps.restore(statuses)
  for _, status in ipairs(statuses) do
    if not tickets:get(status.request.id) then
      Ledger.bring_back(status)
    end
  end
  return true
end

function Steps.end_hold()
  World.end_hold()
  return true
end
