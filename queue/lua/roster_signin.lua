#!lua
-- Sign in by text, with the digits that are told at the place. KEYS: clock, act:<code>, :reg, :conf, offers. ARGV: phone, code, digits, ms before the start from which
-- it is possible, ms after the start until which.
-- -> 0 = done, 1 = done before, 2 = holds no seat, 3 = other digits, 4 = not at this time; people, from when, until when.
-- Who holds no seat learns nothing of the digits.
local act, reg, conf, offers = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local phone = ARGV[1]
local t = now()
local f = call('HMGET', act, 'state', 'starts', 'sign_in')
local starts = tonumber(f[2] or 0)
local opens, closes = starts - ARGV[4], starts + ARGV[5]
local line = call('HGET', reg, phone)
local function answer(result)
  return {'ok', result, tonumber((line or ''):match('^%d+\t(%d+)') or 0), int(opens), int(closes)}
end
if not line or f[1] == '3' or not f[3] or f[3] == '' or not call('ZRANK', conf, phone) then
  return answer(2)
end
if line:sub(1, 2) == '3\t' then
  return answer(1)
end
if t < opens or t >= closes then
  return answer(4)
end
if f[3] ~= ARGV[3] then
  return answer(3)
end
call('HSET', reg, phone, '3' .. line:sub(2))
call('ZREM', offers, ARGV[2] .. ' ' .. phone)
return answer(0)
