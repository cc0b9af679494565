#!lua
-- Put a reminder into the inbox, once, if the activity is still what it was when the reminder was written. KEYS: clock, act:<code>, :reg, :conf, inbox.
-- ARGV: revision looked at, minutes before the start, id of the reminder, the reminder as an entry of the inbox.
-- -> 1 = it is in the inbox, 0 = nobody holds a seat.
-- The entry goes first: cut short, the same reminder has the same id and is accepted once.
local act, reg, conf = KEYS[2], KEYS[3], KEYS[4]
local f = call('HMGET', act, 'rev', 'state', 'starts', 'reminded')
local minutes = tonumber(ARGV[2])
if not f[1] and not f[3] then
  return refuse('no-such-activity', 'there is no activity with this code', 'code')
end
local starts, last = (f[4] or ''):match('^(%d+) (%d+)$')
local done = starts == f[3] and tonumber(last) <= minutes
if (f[1] or '0') ~= ARGV[1] or f[2] == '3' or now() >= tonumber(f[3]) or done then
  return refuse('changed-meanwhile', 'it changed, begins or was reminded of already', '')
end
local anybody = 0
for from = 0, call('ZCARD', conf) - 1, 200 do
  for _, m in ipairs(call('ZRANGE', conf, from, from + 199)) do
    if (call('HGET', reg, m) or ''):sub(1, 2) == '0\t' then
      anybody = 1
      break
    end
  end
  if anybody == 1 then
    break
  end
end
if anybody == 1 then
  call('LPUSH', KEYS[5], ARGV[4])
end
call('HSET', act, 'reminded', f[3] .. ' ' .. int(minutes), 'reminder', anybody == 1 and ARGV[3] or '')
return {'ok', anybody}
