-- keys: the hash tag of the matching domain. args: name of a step or of something to read; now_ms; its arguments, packed; `Rules`,
-- packed; and for a step the caller's id, the number of its step, the last fence it has seen, the era it knows ("": none).
-- -> packed {"ok", what was read or caused, now_ms, era} or {"refused", reason, now_ms, era}.
--
-- A caller that lost the answer (the connection broke after the step was made) sends the same step again under the same number and
-- is given the same answer; nothing happens twice. "answers:CALLER" keeps those of the last numbers, for as long as a caller may
-- try again.

local ANSWERS_KEPT, ANSWERS_KEPT_MS = 64, 60000

local function read(keys, args)
  open(keys[1], args[4])
  World.now_ms = math.max(World.now_ms, tonumber(args[2]))
  return pack({"ok", Reading[args[1]](unpack(unpacked(args[3]))), World.now_ms, World.era})
end

-- `renew` tells its caller of no events, so it causes none.
local function make(name, arguments)
  local everybody = Steps[name](unpack(unpacked(arguments)))
  if name ~= "renew" then
    Ledger.finish(everybody)
  end
end

local function step(keys, args)
  open(keys[1], args[4])
  local answers, slot, label = key("answers:" .. args[5]), tonumber(args[6]) % ANSWERS_KEPT, args[6] .. ":"
  local given = call("HGET", answers, slot)
  if given and string.sub(given, 1, #label) == label then
    return string.sub(given, #label + 1)
  end
  World.begin(tonumber(args[2]), tonumber(args[7]), args[8], args[5] .. ":" .. args[6])
  Ledger.open()
  local done, result = pcall(make, args[1], args[3])
  local answer
  if done then
    tickets:write()
    members:write()
    pools:write()
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
