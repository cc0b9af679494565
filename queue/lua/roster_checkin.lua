#!lua
-- Sign in at the desk. Who comes has confirmed. KEYS: clock, act:<code>:reg, :conf, offers. ARGV: phone, code.
local phone = ARGV[1]
local line = call('HGET', KEYS[2], phone)
if not line or not call('ZRANK', KEYS[3], phone) then
  return refuse('not-registered', 'this number holds no seat', 'phone')
end
call('HSET', KEYS[2], phone, '3' .. line:sub(2))
call('ZREM', KEYS[4], ARGV[2] .. ' ' .. phone)
return {'ok'}
