#!lua
-- Sign in at the desk. Who comes has confirmed. KEYS: clock, act:<code>:reg, :conf, offers; ph:<n>, res:<n> follow. ARGV: phone, code.
local phone = ARGV[1]
if not call('HGET', KEYS[2], phone) then -- another number of a resident: seats are under the first one
  local _, owner = owner_of(phone)
  phone = owner and owner:match('^[^ \t]+') or phone
end
local line = call('HGET', KEYS[2], phone)
if not line or not call('ZRANK', KEYS[3], phone) then
  return refuse('not-registered', 'this number holds no seat', 'phone')
end
call('HSET', KEYS[2], phone, '3' .. line:sub(2))
call('ZREM', KEYS[4], ARGV[2] .. ' ' .. phone)
return {'ok'}
