#!lua flags=allow-oom
-- A provider's later report on one attempt: raises, never lowers. ARGV: id, index, attempt, state (3 delivered | 5 failed), detail
local n, index, att = P .. 'n:' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local total = tonumber(call('HGET', n, 'total'))
if not total then return refuse('no-such-notice', 'there is no such notice') end
if index >= total then return refuse('no-such-recipient', 'this notice has no recipient with this number') end
local v, tries = call('GETRANGE', n .. ':st', 2 * index, 2 * index + 1):byte(1, 2)
local lo = v % 16
local to
if att >= 1 and att <= tries then
  if ARGV[4] == '3' and lo ~= 3 and lo ~= 0 and lo ~= 5 and lo ~= 8 then to = 3 end
  -- only the latest attempt's failure is the recipient's
  if ARGV[4] == '5' and att == tries and (lo == 1 or lo == 2 or lo == 4 or lo == 7) then to = 5 end
end
if not to then return {'ok', 0} end
call('SETRANGE', n .. ':st', 2 * index, string.char(v - lo + to))
if ARGV[5] ~= '' then call('HSET', n .. ':det', index, ARGV[5]) end
return {'ok', 1}
