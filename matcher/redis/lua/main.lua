-- The two functions of the library: `step` and `read`.
--
-- keys: {hash tag of the matching domain}
-- args: packed `Rules`, and the packed call. A call is a list of these values:
--       name of the step or read, now_ms, arguments of the step or read
--       for a step also: the caller's id, the number of the step, the fence of the last event that the caller has seen, and the era
--       (see words.lua) that the caller knows ("": none)
-- Returns packed {"ok", events or result, now_ms, era} or {"refused", reason, now_ms, era}.
--
-- A caller whose connection breaks sends the same step again under the same number. If the step was made already, the caller gets
-- the first answer again, and nothing happens twice. "answers:CALLER" keeps the last answers for as long as a caller may try
-- again.

local ANSWERS_KEPT = 64 -- must be above FLIGHT of matcher/redis/line.py
local ANSWERS_KEPT_MS = 60000 -- must be above RETRY_S of matcher/redis/line.py

local function read(keys, args)
  open(keys[1], args[1])
  local name, now_ms, arguments = unpack(unpacked(args[2]))
  World.now_ms = math.max(World.now_ms, now_ms)
  return pack({"ok", Reading[name](unpack(arguments)), World.now_ms, World.era})
end

-- Carry out a step of the matcher. Then match the requests and members that can be matched because of this step. After `renew` nothing
-- is matched, because `MatchStore.renew` returns no events.
local function make(name, arguments)
  local everybody = Steps[name](unpack(arguments))
  if name ~= "renew" then
    Ledger.finish(everybody)
  end
end

local function step(keys, args)
  open(keys[1], args[1])
  local name, now_ms, arguments, caller, number, fence, era = unpack(unpacked(args[2]))
  local answers, slot, label = key("answers:" .. caller), number % ANSWERS_KEPT, format("%.0f:", number)
  local given = call("HGET", answers, slot)
  if given and string.sub(given, 1, #label) == label then
    return string.sub(given, #label + 1)
  end
  World.begin(now_ms, fence, era, label .. caller)
  Ledger.open()
  Roster.open()
  local done, result = pcall(make, name, arguments)
  local answer
  if done then
    tickets:write()
    members:write()
    pools:write()
    Roster.write()
    answer = pack({"ok", Ledger.events(), World.now_ms, World.era})
  elseif type(result) == "table" and result.refused then
    answer = pack({"refused", result.refused, World.now_ms, World.era})
  else
    error(result)
  end
  World.write()
  call("HSET", answers, slot, label .. answer)
  call("PEXPIRE", answers, ANSWERS_KEPT_MS)
  return answer
end

return {step = step, read = read}
