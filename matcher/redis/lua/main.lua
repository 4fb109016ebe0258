-- ARGV: name of a step or of something to read; now_ms; its arguments, packed; the rules, packed; the caller's id; the number of
-- its step; the last fence it has seen. -> packed {"ok", what was read or caused, now_ms} or {"refused", reason, now_ms}.
--
-- A caller that lost the answer (the connection broke after the script had run) sends the same step again under the same number
-- and is given the same answer; nothing happens twice. "answers:CALLER" keeps those of the last numbers, for as long as a caller
-- may try again.

local ANSWERS_KEPT, ANSWERS_KEPT_MS = 64, 60000

local name, now_ms, caller, number = ARGV[1], tonumber(ARGV[2]), ARGV[5], tonumber(ARGV[6])

World.read()

if Reading[name] then
  World.now_ms = math.max(World.now_ms, now_ms)
  return pack({"ok", Reading[name](unpack(unpacked(ARGV[3]))), World.now_ms})
end

local answers, slot, label = key("answers:" .. caller), number % ANSWERS_KEPT, ARGV[6] .. ":"
local given = call("HGET", answers, slot)
if given and string.sub(given, 1, #label) == label then
  return string.sub(given, #label + 1)
end

World.begin(now_ms, tonumber(ARGV[7]))
local done, result = pcall(function()
  local everybody = Steps[name](unpack(unpacked(ARGV[3])))
  Ledger.finish(everybody)
end)
local answer
if done then
  tickets:write()
  members:write()
  pools:write()
  answer = pack({"ok", Ledger.events(), World.now_ms})
elseif type(result) == "table" and result.refused then
  answer = pack({"refused", result.refused, World.now_ms})
else
  error(result)
end
World.write()
call("HSET", answers, slot, label .. answer)
call("PEXPIRE", answers, ANSWERS_KEPT_MS)
return answer
